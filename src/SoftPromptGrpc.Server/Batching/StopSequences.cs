namespace SoftPromptGrpc.Server.Batching;

/// <summary>Looks for stop sequences in tokens, and holds back those that may be the beginning of one.</summary>
internal sealed class StopSequences(IReadOnlyList<IReadOnlyList<int>> sequences)
{
    private readonly List<OutputToken> _held = [];

    public bool Found { get; private set; }

    /// <returns>The tokens that are certain now. Nothing may follow once a sequence was found.</returns>
    public List<OutputToken> Append(OutputToken token)
    {
        _held.Add(token);
        foreach (var sequence in sequences)
        {
            if (EndsWith(sequence, sequence.Count))
            {
                Found = true;
                return Release(_held.Count - sequence.Count);
            }
        }
        return Release(_held.Count - LongestBeginning());
    }

    /// <returns>What was held back, at the end.</returns>
    public List<OutputToken> Flush() => Release(_held.Count);

    private int LongestBeginning()
    {
        var longest = 0;
        foreach (var sequence in sequences)
        {
            var length = Math.Min(sequence.Count - 1, _held.Count);
            while (length > longest && !EndsWith(sequence, length))
                length--;
            longest = Math.Max(longest, length);
        }
        return longest;
    }

    /// <summary>Whether the held tokens end with the first <paramref name="length"/> ids of a sequence.</summary>
    private bool EndsWith(IReadOnlyList<int> sequence, int length)
    {
        if (length > _held.Count)
            return false;
        for (var i = 0; i < length; i++)
        {
            if (_held[_held.Count - length + i].Id != sequence[i])
                return false;
        }
        return true;
    }

    private List<OutputToken> Release(int count)
    {
        var released = _held[..count];
        _held.RemoveRange(0, count);
        return released;
    }
}
