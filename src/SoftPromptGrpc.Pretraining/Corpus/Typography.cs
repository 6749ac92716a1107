using System.Text.RegularExpressions;

namespace SoftPromptGrpc.Pretraining.Corpus;

/// <summary>The last touch: "a" or "an", and capitals where sentences begin, except after "^".</summary>
internal static partial class Typography
{
    public static string Polish(string text) =>
        SentenceStart().Replace(IndefiniteArticle().Replace(text, "$1n"), match => match.Value.ToUpperInvariant())
            .Replace("^", "", StringComparison.Ordinal)
            .Trim();

    [GeneratedRegex(@"\b([aA])(?= (?:[aeiouAEIOU]|hour|honest)(?!ne\b|ni[ft]|se[fdl]|ser|uro|-))")]
    private static partial Regex IndefiniteArticle();

    [GeneratedRegex("(?:^|(?<=[.!?] |\n|^\"|[.!?\n]\"? ?\"))[a-z]")]
    private static partial Regex SentenceStart();
}
