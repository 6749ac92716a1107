using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Paged;

/// <summary>A sequence and the blocks of its positions so far.</summary>
internal sealed class PagedSequence(PagedSession session, BlockPool pool, ServedPrompt? prompt, int capacity)
    : DecoderSequence(session, prompt, capacity)
{
    private int _shared;

    public List<KvBlock> Blocks { get; private set; } = [];

    /// <summary>What it begins with: it has its blocks before it has run anything, so that nobody can take them away.</summary>
    public PagedPrefix? Beginning { get; private set; }

    /// <summary>Takes the blocks of what it begins with.</summary>
    public void Begin(PagedPrefix prefix)
    {
        if (Beginning == prefix)
            return;
        Blocks.ForEach(pool.Release);
        (Blocks, Beginning) = (pool.Fork(prefix.Blocks, prefix.Length), prefix);
        Share(prefix.Length);
    }

    /// <summary>Takes the blocks of a sequence that it goes on from.</summary>
    public void Continue(PagedSequence origin)
    {
        (Blocks, Length) = (pool.Fork(origin.Blocks, origin.Length), origin.Length);
        Share(Length);
        origin.Share(Length);
    }

    /// <summary>From now on others may have its first positions too: it does not write them again.</summary>
    public void Share(int length) => _shared = Math.Max(_shared, length);

    public override void Rewind(int length)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, _shared);
        base.Rewind(length);
        var count = BlockLayout.BlocksOf(length);
        foreach (var block in Blocks.Skip(count))
            pool.Release(block);
        Blocks.RemoveRange(count, Blocks.Count - count);
    }

    public override void Dispose() => session.Close(this);
}
