namespace SoftPromptGrpc.Backends.OnnxRuntime.Operators.Products;

/// <summary>Up to <see cref="MostRows"/> rows times one panel.</summary>
internal unsafe struct Tile
{
    public const int MostRows = 8;

    /// <summary>[rows, stride]: float, or short in pairs.</summary>
    public void* Rows;
    public int Stride;
    public int Count;

    /// <summary>Inputs, or pairs of them, that are added to the sums; the first ones begin these.</summary>
    public int Depth;
    public bool IsFirst;
    public void* Panel;

    /// <summary>[<see cref="MostRows"/>, 48]: float, or int.</summary>
    public void* Sums;

    /// <summary>What will be multiplied next, to be fetched meanwhile.</summary>
    public byte* Next;

    /// <summary>0: fetches as many bytes as it reads; 1: half of them.</summary>
    public int NextMask;

    /// <summary>A row's number, or the last one's where there are fewer: it is computed again, which harms nobody.</summary>
    public readonly int Row(int row) => Math.Min(row, Count - 1);
}
