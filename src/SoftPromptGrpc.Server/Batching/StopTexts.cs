using System.Text;

namespace SoftPromptGrpc.Server.Batching;

/// <summary>Looks for the first stop text in a text that comes in pieces, and holds back what may be the beginning of one.</summary>
internal sealed class StopTexts(IReadOnlyList<string> texts)
{
    private readonly StringBuilder _held = new();

    /// <summary>The stop text that was found; null before.</summary>
    public string? Found { get; private set; }

    /// <returns>The text that is certain now. Nothing may follow once a stop text was found.</returns>
    public string Append(string piece)
    {
        if (texts.Count == 0)
            return piece;
        var text = _held.Append(piece).ToString();
        _held.Clear();
        var end = FindFirst(text);
        if (Found is null)
        {
            end = text.Length - LongestBeginning(text);
            _held.Append(text, end, text.Length - end);
        }
        return text[..end];
    }

    /// <returns>What was held back, at the end of the text.</returns>
    public string Flush()
    {
        var text = _held.ToString();
        _held.Clear();
        return text;
    }

    /// <summary>The earliest one; of several at one place the one that was named first.</summary>
    private int FindFirst(string text)
    {
        var first = text.Length;
        foreach (var stop in texts)
        {
            var at = text.AsSpan(0, Math.Min(text.Length, first + stop.Length)).IndexOf(stop, StringComparison.Ordinal);
            if (at >= 0 && at < first)
                (first, Found) = (at, stop);
        }
        return first;
    }

    /// <summary>Of the text's endings that begin a stop text, the longest one's length.</summary>
    private int LongestBeginning(string text)
    {
        for (var length = Math.Min(text.Length, texts.Max(stop => stop.Length) - 1); length > 0; length--)
        {
            var ending = text.AsSpan(text.Length - length);
            foreach (var stop in texts)
            {
                if (stop.AsSpan().StartsWith(ending, StringComparison.Ordinal))
                    return length;
            }
        }
        return 0;
    }
}
