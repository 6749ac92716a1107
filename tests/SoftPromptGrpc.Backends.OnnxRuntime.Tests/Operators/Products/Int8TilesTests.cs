using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using SoftPromptGrpc.Backends.OnnxRuntime.Operators.Products;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Tests.Operators.Products;

public sealed unsafe class Int8TilesTests
{
    private const int Depth = 37;

    private delegate void Multiply(Tile* tile);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(8)]
    public void Multiply_LargestNumbers_EveryProcessorGivesTheSameSums(int rows)
    {
        var expected = Sums(rows, Int8Tiles.MultiplyNumbers);

        if (Avx2.IsSupported)
            Assert.Equal(expected, Sums(rows, Int8Tiles.MultiplyPairs));
        if (WideInt8Tiles.IsSupported)
            Assert.Equal(expected, Sums(rows, WideInt8Tiles.Multiply));
    }

    /// <summary>In two slices.</summary>
    private static int[] Sums(int rows, Multiply multiply)
    {
        var random = new Random(rows);
        var panel = new sbyte[2 * Depth * Panels.Width + 4096];
        random.NextBytes(MemoryMarshal.AsBytes(panel.AsSpan()));
        panel.AsSpan().Replace((sbyte)-128, (sbyte)-127);
        var limit = RowRounding.Limit(2 * Depth);
        short[] values = [.. Enumerable.Range(0, 2 * rows * Depth).Select(i => (short)(i % 5 == 0 ? random.Next(-limit, limit + 1) : i % 2 == 0 ? limit : -limit))];
        var sums = new int[Tile.MostRows * Panels.Width];
        fixed (sbyte* weights = panel)
        fixed (short* x = values)
        fixed (int* y = sums)
        {
            foreach (var (first, count) in ((int, int)[])[(0, 20), (20, Depth - 20)])
            {
                var tile = new Tile
                {
                    Rows = (int*)x + first,
                    Stride = Depth,
                    Count = rows,
                    Depth = count,
                    IsFirst = first == 0,
                    Panel = weights + (first * 2 * Panels.Width),
                    Sums = y,
                    Next = (byte*)weights,
                };
                multiply(&tile);
            }
        }
        return sums[..(rows * Panels.Width)];
    }
}
