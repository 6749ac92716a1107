using System.Text;
using System.Text.RegularExpressions;
using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.ModelFormats.Tokenizers.Text;

/// <summary>What a Split or a Replace looks for: a string or a regular expression.</summary>
internal sealed class TextPattern
{
    private static readonly TimeSpan TextTimeout = TimeSpan.FromSeconds(20);
    private const int None = -1;

    private readonly string? _literal;
    private readonly Regex? _regex;

    private TextPattern(string? literal, Regex? regex) => (_literal, _regex) = (literal, regex);

    /// <summary>Whether a match can reach no further than one UTF-16 unit, so that a text can be searched piece by piece.</summary>
    public bool IsSingleCharacter => _literal?.Length == 1;

    /// <summary>{"String": …} or {"Regex": …}</summary>
    public static TextPattern Read(TokenizerSection section)
    {
        if (section.Find("String") is { } literal)
            return new TextPattern(literal.Text, null);
        var regex = section["Regex"];
        if (regex.Text.Length > TokenizerLimits.PatternLength)
            throw regex.Unsupported($"a pattern of more than {TokenizerLimits.PatternLength} characters");
        try
        {
            return OfRegex(regex.Text);
        }
        catch (ArgumentException)
        {
            throw regex.Unsupported("this regular expression");
        }
    }

    /// <inheritdoc cref="OnigurumaPattern.Compile"/>
    public static TextPattern OfRegex(string pattern) => new(null, OnigurumaPattern.Compile(pattern));

    /// <summary>In order, not overlapping.</summary>
    public List<(int Start, int End)> Matches(string text) => _regex is null ? LiteralMatches(text) : RegexMatches(text);

    public string Replace(string text, string replacement)
    {
        var matches = Matches(text);
        if (matches.Count == 0)
            return text;
        var result = new StringBuilder(text.Length);
        var position = 0;
        foreach (var (start, end) in matches)
        {
            result.Append(text, position, start - position).Append(replacement);
            TokenizerLimits.CheckTextLength(result.Length);
            position = end;
        }
        return result.Append(text, position, text.Length - position).ToString();
    }

    private List<(int Start, int End)> LiteralMatches(string text)
    {
        var matches = new List<(int, int)>();
        if (_literal!.Length == 0)
            return matches;
        for (var at = Next(0); at >= 0; at = Next(at + _literal.Length))
            matches.Add((at, at + _literal.Length));
        return matches;

        int Next(int from) => text.IndexOf(_literal, from, StringComparison.Ordinal);
    }

    private List<(int Start, int End)> RegexMatches(string text)
    {
        var matches = new List<(int, int)>();
        var projection = new AstralProjection(text);
        var deadline = Environment.TickCount64 + (long)TextTimeout.TotalMilliseconds;
        try
        {
            var previousEnd = None;
            foreach (var match in _regex!.EnumerateMatches(projection.Text))
            {
                // Unlike in .NET, no empty match follows directly on another match.
                if (match.Length == 0 && match.Index == previousEnd)
                    continue;
                previousEnd = match.Index + match.Length;
                matches.Add((projection.Original(match.Index), projection.Original(match.Index + match.Length)));
                if (Environment.TickCount64 > deadline)
                    throw new RegexMatchTimeoutException();
            }
        }
        catch (RegexMatchTimeoutException)
        {
            throw new SoftPromptException(ErrorKind.Unsupported, "A regular expression of the tokenizer takes too long on this text.");
        }
        return matches;
    }
}
