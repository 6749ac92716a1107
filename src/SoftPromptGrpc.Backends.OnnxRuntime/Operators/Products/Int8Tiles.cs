using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Operators.Products;

/// <summary>Products of 16-bit rows and 8-bit weights for processors without AVX-512: with AVX2, or with nothing but numbers.</summary>
internal static unsafe class Int8Tiles
{
    public static void Multiply(Tile* tile)
    {
        if (WideInt8Tiles.IsSupported)
            WideInt8Tiles.Multiply(tile);
        else if (Avx2.IsSupported)
            MultiplyPairs(tile);
        else
            MultiplyNumbers(tile);
    }

    /// <summary>Two rows at a time.</summary>
    public static void MultiplyPairs(Tile* tile)
    {
        for (var row = 0; row < tile->Count; row += 2)
            Two(tile, row);
    }

    public static void MultiplyNumbers(Tile* tile)
    {
        for (var row = 0; row < tile->Count; row++)
        {
            var x = (short*)((int*)tile->Rows + ((nint)row * tile->Stride));
            var sums = new Span<int>((int*)tile->Sums + (row * Panels.Width), Panels.Width);
            if (tile->IsFirst)
                sums.Clear();
            for (var i = 0; i < 2 * tile->Depth; i++)
            {
                var weights = (sbyte*)tile->Panel + ((nint)(i / 2) * 2 * Panels.Width) + (i % 2);
                for (var output = 0; output < Panels.Width; output++)
                    sums[output] += x[i] * weights[2 * output];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Two(Tile* tile, int row)
    {
        var x = (int*)tile->Rows + ((nint)row * tile->Stride);
        var y = (int*)tile->Rows + ((nint)tile->Row(row + 1) * tile->Stride);
        var panel = (sbyte*)tile->Panel;
        var depth = tile->Depth;
        var sums = (int*)tile->Sums + (row * Panels.Width);
        var others = (int*)tile->Sums + (tile->Row(row + 1) * Panels.Width);
        var (a0, a1, a2) = Begin(tile, sums);
        var (a3, a4, a5) = Begin(tile, sums + 24);
        var (b0, b1, b2) = Begin(tile, others);
        var (b3, b4, b5) = Begin(tile, others + 24);
        for (nint k = 0; k < depth; k++, panel += 2 * Panels.Width)
        {
            var (p, q) = (Vector256.Create(x[k]).AsInt16(), Vector256.Create(y[k]).AsInt16());
            var w = Widen(panel);
            (a0, b0) = (Add(a0, p, w), Add(b0, q, w));
            w = Widen(panel + 16);
            (a1, b1) = (Add(a1, p, w), Add(b1, q, w));
            w = Widen(panel + 32);
            (a2, b2) = (Add(a2, p, w), Add(b2, q, w));
            w = Widen(panel + 48);
            (a3, b3) = (Add(a3, p, w), Add(b3, q, w));
            w = Widen(panel + 64);
            (a4, b4) = (Add(a4, p, w), Add(b4, q, w));
            w = Widen(panel + 80);
            (a5, b5) = (Add(a5, p, w), Add(b5, q, w));
        }
        Store(sums, a0, a1, a2, a3, a4, a5);
        Store(others, b0, b1, b2, b3, b4, b5);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Widen(sbyte* weights) => Avx2.ConvertToVector256Int16(Vector128.Load(weights));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Add(Vector256<int> sum, Vector256<short> x, Vector256<short> weights) =>
        sum + Avx2.MultiplyAddAdjacent(x, weights);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector256<int>, Vector256<int>, Vector256<int>) Begin(Tile* tile, int* sums) => tile->IsFirst
        ? (Vector256<int>.Zero, Vector256<int>.Zero, Vector256<int>.Zero)
        : (Vector256.Load(sums), Vector256.Load(sums + 8), Vector256.Load(sums + 16));

    private static void Store(int* sums, params ReadOnlySpan<Vector256<int>> values)
    {
        for (var i = 0; i < values.Length; i++)
            values[i].Store(sums + (8 * i));
    }
}
