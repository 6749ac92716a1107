namespace SoftPromptGrpc.Core.Models;

/// <summary>Text to token ids and back, exactly as the Hugging Face tokenizers library does. Immutable: safe from several threads.</summary>
public interface ITokenizer
{
    /// <summary>One more than the largest id, added tokens included.</summary>
    int VocabularySize { get; }

    /// <param name="addSpecialTokens">Whether the post-processor adds its tokens, such as BOS in front.</param>
    int[] Encode(string text, bool addSpecialTokens);

    /// <summary>Ids outside the vocabulary are left out.</summary>
    string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens);

    /// <summary>Decodes a growing sequence piece by piece.</summary>
    IStreamingDecoder StartDecoding(bool skipSpecialTokens);

    /// <summary>The vocabulary's own spelling of a token, such as "Ġthe"; null outside the vocabulary.</summary>
    string? TokenOf(int id);

    bool IsSpecial(int id);

    /// <summary>From tokenizer_config.json; null where it names none.</summary>
    int? BeginningOfSequence { get; }

    /// <inheritdoc cref="BeginningOfSequence"/>
    int? EndOfSequence { get; }
}

/// <summary>One sequence being decoded. Not thread-safe.</summary>
public interface IStreamingDecoder
{
    /// <summary>The text that is certain now, possibly "". Half a character or a half-decided space is held back.</summary>
    string Append(int id);

    /// <summary>What was held back. The pieces of all calls concatenated equal <see cref="ITokenizer.Decode"/> of all ids.</summary>
    string Flush();
}
