using System.Buffers;
using System.Text;
using SoftPromptGrpc.ModelFormats.Tokenizers.Text;

namespace SoftPromptGrpc.ModelFormats.Tokenizers.AddedTokens;

/// <summary>A part of a text: an added token, or the text between two.</summary>
internal readonly record struct TextPart(int Start, int End, AddedToken? Token);

/// <summary>Finds added tokens in a text: the leftmost first, and of those that begin there the longest.</summary>
internal sealed class AddedTokenMatcher
{
    private readonly Dictionary<string, AddedToken> _tokens = new(StringComparer.Ordinal);
    private readonly Dictionary<string, AddedToken>.AlternateLookup<ReadOnlySpan<char>> _tokensBySpan;
    private readonly Dictionary<char, int[]> _lengthsByFirst;
    private readonly SearchValues<char> _firsts;

    /// <param name="tokens">With the spelling to look for; empty ones are ignored.</param>
    public AddedTokenMatcher(IEnumerable<(string Spelling, AddedToken Token)> tokens)
    {
        foreach (var (spelling, token) in tokens)
        {
            if (spelling.Length > 0)
                _tokens.TryAdd(spelling, token);
        }
        _tokensBySpan = _tokens.GetAlternateLookup<ReadOnlySpan<char>>();
        _lengthsByFirst = _tokens.Keys
            .GroupBy(spelling => spelling[0])
            .ToDictionary(group => group.Key, group => group.Select(s => s.Length).Distinct().OrderDescending().ToArray());
        _firsts = SearchValues.Create([.. _lengthsByFirst.Keys]);
    }

    /// <summary>The parts of a text in order; none is empty.</summary>
    public List<TextPart> Split(string text)
    {
        var parts = new List<TextPart>(1);
        var done = 0;
        for (var at = 0; text.AsSpan(at).IndexOfAny(_firsts) is >= 0 and var skipped;)
        {
            at += skipped;
            if (LongestAt(text, at) is not var (token, end))
            {
                at++;
                continue;
            }
            if (token.IsWord && TouchesWord(text, at, end))
            {
                at = end;
                continue;
            }
            var start = token.TakesSpaceBefore ? done + text.AsSpan(done, at - done).TrimEnd().Length : at;
            if (token.TakesSpaceAfter)
                end = text.Length - text.AsSpan(end).TrimStart().Length;
            if (start > done)
                parts.Add(new TextPart(done, start, null));
            parts.Add(new TextPart(start, end, token));
            at = done = end;
        }
        if (done < text.Length)
            parts.Add(new TextPart(done, text.Length, null));
        return parts;
    }

    private (AddedToken Token, int End)? LongestAt(string text, int at)
    {
        foreach (var length in _lengthsByFirst[text[at]])
        {
            if (at + length <= text.Length && _tokensBySpan.TryGetValue(text.AsSpan(at, length), out var token))
                return (token, at + length);
        }
        return null;
    }

    private static bool TouchesWord(string text, int start, int end)
    {
        Rune.DecodeLastFromUtf16(text.AsSpan(0, start), out var before, out _);
        Rune.DecodeFromUtf16(text.AsSpan(end), out var after, out _);
        return (start > 0 && UnicodeText.IsWord(before)) || (end < text.Length && UnicodeText.IsWord(after));
    }
}
