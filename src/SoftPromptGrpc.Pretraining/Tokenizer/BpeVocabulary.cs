namespace SoftPromptGrpc.Pretraining.Tokenizer;

/// <param name="Tokens">By id: the special tokens, the byte alphabet, then one token per merge.</param>
/// <param name="Merges">Pairs of ids, the first to be applied first.</param>
internal sealed record BpeVocabulary(IReadOnlyList<string> Tokens, IReadOnlyList<(int Left, int Right)> Merges)
{
    public const int Padding = 0;

    /// <summary>Stands after every document, and so before the next one: end and beginning of a sequence in one, as in GPT-2.</summary>
    public const int EndOfText = 1;

    public static IReadOnlyList<string> SpecialTokens { get; } = ["<pad>", "<|endoftext|>"];

    public static bool IsSpecial(int id) => id < SpecialTokens.Count;

    /// <summary>Llama 3's pattern: it cuts text into the words that merges never cross.</summary>
    public const string WordPattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
}
