using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.ModelFormats.Tokenizers;

/// <summary>What a tokenizer.json may ask for: far above every real one, low enough that a hostile one does no harm.</summary>
internal static class TokenizerLimits
{
    public const int TokenId = 1 << 22;
    public const int TokenLength = 1 << 11;
    public const int PatternLength = 1 << 12;
    public const int WordLength = 1000;

    /// <summary>Of one sequence of normalizers, pre-tokenizers, post-processors or decoders.</summary>
    public const int Steps = 64;

    /// <summary>In UTF-16 units: a text after normalization, or a piece of decoded text.</summary>
    public const int TextLength = 1 << 24;

    /// <summary>Chained replacements can square a text's length with each step, so every step checks.</summary>
    public static void CheckTextLength(long length)
    {
        if (length > TextLength)
            throw new SoftPromptException(ErrorKind.Unsupported, $"The tokenizer makes a text of more than {TextLength} characters.");
    }
}
