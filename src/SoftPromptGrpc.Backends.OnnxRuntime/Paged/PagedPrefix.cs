namespace SoftPromptGrpc.Backends.OnnxRuntime.Paged;

/// <summary>The blocks that a beginning leaves, and what it predicts.</summary>
/// <param name="blocks">Released with it.</param>
/// <param name="length">Positions.</param>
/// <param name="logits">Of the last position; empty where it predicts nothing.</param>
internal sealed class PagedPrefix(BlockPool pool, List<KvBlock> blocks, int length, float[] logits) : IDisposable
{
    public IReadOnlyList<KvBlock> Blocks => blocks;

    public int Length => length;

    public float[] Logits => logits;

    /// <summary>Those of them that whoever begins so shares with it.</summary>
    public int WholeBlocks => length / BlockLayout.Positions;

    public void Dispose() => pool.Forget(blocks);
}
