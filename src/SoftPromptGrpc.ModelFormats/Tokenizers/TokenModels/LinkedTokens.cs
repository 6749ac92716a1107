namespace SoftPromptGrpc.ModelFormats.Tokenizers.TokenModels;

/// <summary>The neighbours of each token in an array from which merges take tokens out.</summary>
internal sealed class LinkedTokens
{
    private const int Removed = -1;
    private const int None = -1;
    private readonly int[] _previous;
    private readonly int[] _next;

    public LinkedTokens(ReadOnlySpan<int> ids)
    {
        _previous = new int[ids.Length];
        _next = new int[ids.Length];
        for (var i = 0; i < ids.Length; i++)
            (_previous[i], _next[i]) = (i - 1, i + 1 < ids.Length ? i + 1 : None);
    }

    /// <summary>Negative at the beginning.</summary>
    public int Previous(int at) => _previous[at];

    /// <summary>Negative at the end.</summary>
    public int Next(int at) => _next[at];

    public bool IsPair(ReadOnlySpan<int> ids, int at, int left, int right) =>
        ids[at] == left && _next[at] is >= 0 and var next && ids[next] == right;

    /// <summary>Puts <paramref name="merged"/> in the place of a token and the one after it.</summary>
    public void Merge(Span<int> ids, int at, int merged)
    {
        var taken = _next[at];
        ids[at] = merged;
        ids[taken] = Removed;
        _next[at] = _next[taken];
        if (_next[at] >= 0)
            _previous[_next[at]] = at;
    }

    /// <summary>Moves the tokens that are left to the front and returns them.</summary>
    public Span<int> Compact(Span<int> ids)
    {
        var count = 0;
        for (var at = 0; at >= 0 && at < ids.Length; at = _next[at])
            ids[count++] = ids[at];
        return ids[..count];
    }
}
