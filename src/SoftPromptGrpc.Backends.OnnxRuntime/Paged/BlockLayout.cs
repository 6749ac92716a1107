namespace SoftPromptGrpc.Backends.OnnxRuntime.Paged;

/// <summary>
/// Where the keys and values of 16 positions lie in a block: for each layer the keys of each head [headSize, 16], so that a query meets
/// the same dimension of 16 keys at once, and then the values of each head [16, headSize].
/// </summary>
/// <param name="Shape">What a cache has to hold of each position.</param>
/// <param name="ElementSize">In bytes.</param>
internal readonly record struct BlockLayout(CacheShape Shape, int ElementSize)
{
    public const int Positions = 16;

    public int HeadSize => Shape.Layout.Size;

    /// <summary>Of one head's keys, and of its values.</summary>
    public int HeadBytes => Positions * HeadSize * ElementSize;

    public int BlockBytes => checked(2 * Shape.LayerCount * Shape.HeadCount * HeadBytes);

    public int Keys(int layer) => 2 * layer * Shape.HeadCount * HeadBytes;

    public int Values(int layer) => (2 * layer + 1) * Shape.HeadCount * HeadBytes;

    /// <summary>How many blocks so many positions take.</summary>
    public static int BlocksOf(int positions) => (positions + Positions - 1) / Positions;
}
