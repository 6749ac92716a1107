namespace SoftPromptGrpc.Backends.OnnxRuntime.Paged;

/// <summary>
/// What open sequences may still come to use. A block that a sequence shares costs it nothing, and nobody ever takes a block that was
/// not promised: together, sequences and prefixes never have more than both may.
/// </summary>
/// <param name="most">Blocks that sequences may have beside those of prefixes.</param>
/// <param name="mostKept">Blocks that prefixes may have.</param>
internal sealed class BlockBudget(BlockPool pool, long most, long mostKept)
{
    private readonly HashSet<PagedSequence> _open = [];

    public int Count => _open.Count;

    /// <summary>Whether there is room for a sequence.</summary>
    /// <param name="shared">Whole blocks that it would share.</param>
    public bool HasRoom(int capacity, int shared) =>
        pool.Used - pool.Kept + Owed + BlockLayout.BlocksOf(capacity) - shared <= most;

    /// <summary>Whether there is room for the copy that a prefix makes of a block that is full in part.</summary>
    public bool HasRoomToKeep => pool.Used + Owed < most + mostKept;

    public void Add(PagedSequence sequence) => _open.Add(sequence);

    public void Remove(PagedSequence sequence)
    {
        sequence.Blocks.ForEach(pool.Release);
        sequence.Blocks.Clear();
        _open.Remove(sequence);
    }

    /// <summary>Blocks that the open sequences do not have yet.</summary>
    private long Owed => _open.Sum(sequence => (long)BlockLayout.BlocksOf(sequence.Capacity) - sequence.Blocks.Count);
}
