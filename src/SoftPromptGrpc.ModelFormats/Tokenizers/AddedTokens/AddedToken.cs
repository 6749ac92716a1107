namespace SoftPromptGrpc.ModelFormats.Tokenizers.AddedTokens;

/// <summary>A token that is found in the text before the model sees it.</summary>
/// <param name="Content">How it is spelled in the text.</param>
/// <param name="IsWord">Whether it counts only where no word character touches it.</param>
/// <param name="TakesSpaceBefore">Whether it swallows the white space in front of it.</param>
/// <param name="IsNormalized">Whether it is looked for in the normalized text, in its own normalized spelling.</param>
/// <param name="IsSpecial">Whether decoding can leave it out.</param>
internal sealed record AddedToken(
    int Id, string Content, bool IsWord, bool TakesSpaceBefore, bool TakesSpaceAfter, bool IsNormalized, bool IsSpecial)
{
    public static AddedToken Read(TokenizerSection section, int id) => new(
        id,
        section["content"].Token,
        section.FlagOr("single_word", false),
        section.FlagOr("lstrip", false),
        section.FlagOr("rstrip", false),
        section.FlagOr("normalized", false),
        section.FlagOr("special", false));
}
