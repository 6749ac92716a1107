namespace SoftPromptGrpc.Server.Batching;

/// <summary>
/// What waits for a place, of all tenants. They take turns by what their work costs, as groups do in a <see cref="FairLine{T}"/>, which
/// each of them has: neither how much one sends nor its priorities delay another by more than a turn.
/// </summary>
/// <remarks>No clock but its own, no lock: owned by one loop.</remarks>
internal sealed class TenantLine<T>
    where T : class
{
    private readonly Dictionary<string, Turn> _turns = new(StringComparer.Ordinal);
    private long _now;

    public int Count { get; private set; }

    public T First => Next().Line.First.Item;

    /// <param name="group">Whose turn within its tenant it takes.</param>
    /// <param name="cost">In positions.</param>
    public void Add(T item, string tenant, string group, int cost, int priority)
    {
        if (!_turns.TryGetValue(tenant, out var turn))
            _turns.Add(tenant, turn = new Turn());
        if (turn.Line.Count == 0)
            turn.Start = Math.Max(_now, turn.Start);
        turn.Line.Add(new Place(item, cost), group, cost, priority);
        Count++;
    }

    public void RemoveFirst()
    {
        var turn = Next();
        _now = Math.Max(_now, turn.Start);
        turn.Start += turn.Line.First.Cost;
        turn.Line.RemoveFirst();
        Forget(1);
    }

    /// <returns>What was removed, a tenant's in the order of its line.</returns>
    public List<T> RemoveAll(Predicate<T> match)
    {
        List<T> removed = [.. _turns.Values.SelectMany(turn => turn.Line.RemoveAll(place => match(place.Item))).Select(place => place.Item)];
        Forget(removed.Count);
        return removed;
    }

    /// <summary>The earliest of those who wait; of equal ones whoever came first.</summary>
    private Turn Next() => _turns.Values.Where(turn => turn.Line.Count > 0).MinBy(turn => turn.Start)!;

    /// <summary>Whoever comes to an empty line owes nothing.</summary>
    private void Forget(int removed)
    {
        Count -= removed;
        if (Count > 0)
            return;
        _turns.Clear();
        _now = 0;
    }

    private sealed class Turn
    {
        public FairLine<Place> Line { get; } = new();

        /// <summary>Where the tenant's next work starts, on the clock of the line.</summary>
        public long Start { get; set; }
    }

    private sealed record Place(T Item, int Cost);
}
