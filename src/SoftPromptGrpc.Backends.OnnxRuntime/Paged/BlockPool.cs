namespace SoftPromptGrpc.Backends.OnnxRuntime.Paged;

/// <summary>All blocks of a session. Those that nobody uses are kept for the next one who asks.</summary>
internal sealed class BlockPool(BlockLayout layout) : IDisposable
{
    private readonly Stack<KvBlock> _free = [];

    public BlockLayout Layout => layout;

    /// <summary>Blocks that somebody has.</summary>
    public int Used { get; private set; }

    /// <summary>Blocks that a prefix has.</summary>
    public int Kept { get; private set; }

    /// <summary>A block with one user. Its content is undefined.</summary>
    /// <exception cref="OutOfMemoryException"/>
    public KvBlock Take()
    {
        if (!_free.TryPop(out var block))
            block = new(layout.BlockBytes);
        block.Users = 1;
        Used++;
        return block;
    }

    /// <summary>One more user. A block of several is written by none of them.</summary>
    public static KvBlock Share(KvBlock block)
    {
        block.Users++;
        return block;
    }

    /// <summary>One user less.</summary>
    public void Release(KvBlock block)
    {
        if (--block.Users > 0)
            return;
        Used--;
        _free.Push(block);
    }

    /// <summary>The first positions of some blocks: whole ones are shared, of one that is full in part there is a copy.</summary>
    public List<KvBlock> Fork(IReadOnlyList<KvBlock> blocks, int positions)
    {
        var (whole, rest) = Math.DivRem(positions, BlockLayout.Positions);
        List<KvBlock> fork = [.. blocks.Take(whole).Select(Share)];
        if (rest > 0)
        {
            var copy = Take();
            blocks[whole].CopyTo(copy);
            fork.Add(copy);
        }
        return fork;
    }

    /// <summary>As <see cref="Fork"/>, for a prefix.</summary>
    public List<KvBlock> Keep(IReadOnlyList<KvBlock> blocks, int positions)
    {
        var kept = Fork(blocks, positions);
        Kept += kept.Count(block => ++block.Keepers == 1);
        return kept;
    }

    /// <summary>Releases what <see cref="Keep"/> gave.</summary>
    public void Forget(List<KvBlock> kept)
    {
        Kept -= kept.Count(block => --block.Keepers == 0);
        kept.ForEach(Release);
    }

    public void Dispose()
    {
        foreach (var block in _free)
            block.Dispose();
        _free.Clear();
    }
}
