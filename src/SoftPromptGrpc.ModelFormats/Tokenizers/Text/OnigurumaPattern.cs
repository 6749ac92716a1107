using System.Text.RegularExpressions;

namespace SoftPromptGrpc.ModelFormats.Tokenizers.Text;

/// <summary>Regular expressions in the dialect of tokenizer.json, which is Oniguruma's (Ruby's).</summary>
internal static class OnigurumaPattern
{
    private static readonly TimeSpan MatchTimeout = TimeSpan.FromSeconds(2);

    // Oniguruma folds U+017F, the long s, with s; .NET does not. Every published pattern that ignores case is this one.
    private const string Contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
    private const string ContractionsSpelledOut = "(?:'[sS\u017F]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])";

    /// <exception cref="ArgumentException">.NET cannot read the pattern, or would read it otherwise.</exception>
    public static Regex Compile(string pattern)
    {
        if (ReadsOtherwise(pattern))
            throw new ArgumentException("The pattern means something else in .NET.", nameof(pattern));
        return new Regex(
            pattern.Replace(Contractions, ContractionsSpelledOut, StringComparison.Ordinal),
            RegexOptions.Compiled | RegexOptions.CultureInvariant | RegexOptions.Multiline, // ^ and $ are always a line's in Ruby.
            MatchTimeout);
    }

    /// <summary>Sets within sets, as in [[:alpha:]], intersections of sets, Ruby's (?m) and characters of two UTF-16 units.</summary>
    private static bool ReadsOtherwise(string pattern)
    {
        var isInSet = false;
        for (var i = 0; i < pattern.Length; i++)
        {
            if (char.IsSurrogate(pattern[i]))
                return true;
            if (pattern[i] == '\\')
                i++;
            else if (pattern[i] == ']')
                isInSet = false;
            else if (isInSet && (pattern[i] == '[' || pattern.AsSpan(i).StartsWith("&&")))
                return true;
            else if (pattern[i] == '[')
                isInSet = true;
            else if (!isInSet && pattern.AsSpan(i).StartsWith("(?m"))
                return true;
        }
        return false;
    }
}
