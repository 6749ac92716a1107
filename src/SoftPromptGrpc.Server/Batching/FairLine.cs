namespace SoftPromptGrpc.Server.Batching;

/// <summary>
/// What waits for a place. Groups take turns by what their work costs (start-time fair queueing, Goyal et al. 1996): the line has a
/// clock that runs in positions, work starts when its group's work before it would be done at that clock, and the earliest start is
/// first. A priority is a head start, so what came early goes before what came much later, whatever its priority: nobody starves.
/// </summary>
/// <remarks>No clock but its own, no lock: owned by one loop.</remarks>
internal sealed class FairLine<T>
    where T : class
{
    /// <summary>Positions by which each step of priority goes ahead.</summary>
    public const int HeadStart = 4096;

    private readonly List<Place> _line = [];
    private readonly Dictionary<string, long> _ends = new(StringComparer.Ordinal);
    private long _now;

    public int Count => _line.Count;

    public T First => _line[0].Item;

    /// <param name="group">Whose turn it takes.</param>
    /// <param name="cost">In positions.</param>
    public void Add(T item, string group, int cost, int priority)
    {
        var start = Math.Max(_now, _ends.GetValueOrDefault(group));
        _ends[group] = start + cost;
        var rank = start - ((long)priority * HeadStart);
        var at = _line.Count;
        while (at > 0 && _line[at - 1].Rank > rank)
            at--;
        _line.Insert(at, new(item, start, rank));
    }

    public void RemoveFirst()
    {
        _now = Math.Max(_now, _line[0].Start);
        _line.RemoveAt(0);
        ForgetWhenEmpty();
    }

    /// <returns>What was removed, in the order of the line.</returns>
    public List<T> RemoveAll(Predicate<T> match)
    {
        List<T> removed = [.. _line.Where(place => match(place.Item)).Select(place => place.Item)];
        if (removed.Count == 0)
            return removed;
        _line.RemoveAll(place => removed.Contains(place.Item));
        ForgetWhenEmpty();
        return removed;
    }

    /// <summary>Whoever comes to an empty line owes nothing.</summary>
    private void ForgetWhenEmpty()
    {
        if (_line.Count > 0)
            return;
        _ends.Clear();
        _now = 0;
    }

    private readonly record struct Place(T Item, long Start, long Rank);
}
