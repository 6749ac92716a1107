using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Paged;

/// <summary>The same sums in vectors of 512 bits. A lane's order is that of the narrower ones, and so are its bits.</summary>
internal static unsafe partial class TileProducts<T>
{
    /// <summary>Four queries with the keys of two blocks.</summary>
    /// <param name="queries">[4, D].</param>
    /// <param name="scores">[4, <paramref name="stride"/>], 32 of each.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Score4Wider(float* queries, int size, byte* left, byte* right, float* scores, int stride)
    {
        Vector512<float> a0 = default, a1 = default, b0 = default, b1 = default, c0 = default, c1 = default, d0 = default, d1 = default;
        for (var i = 0; i < size; i++)
        {
            var (first, second) = (T.LoadWide(left, i * Width), T.LoadWide(right, i * Width));
            var x = Vector512.Create(queries[i]);
            (a0, a1) = (Vector512.FusedMultiplyAdd(x, first, a0), Vector512.FusedMultiplyAdd(x, second, a1));
            x = Vector512.Create(queries[size + i]);
            (b0, b1) = (Vector512.FusedMultiplyAdd(x, first, b0), Vector512.FusedMultiplyAdd(x, second, b1));
            x = Vector512.Create(queries[2 * size + i]);
            (c0, c1) = (Vector512.FusedMultiplyAdd(x, first, c0), Vector512.FusedMultiplyAdd(x, second, c1));
            x = Vector512.Create(queries[3 * size + i]);
            (d0, d1) = (Vector512.FusedMultiplyAdd(x, first, d0), Vector512.FusedMultiplyAdd(x, second, d1));
        }
        Store2(a0, a1, scores);
        Store2(b0, b1, scores + stride);
        Store2(c0, c1, scores + 2 * stride);
        Store2(d0, d1, scores + 3 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sum4Wider(float* weights, int stride, in ValueRows values, int d, float* factors, float** outputs)
    {
        Vector512<float> a0 = default, a1 = default, b0 = default, b1 = default, c0 = default, c1 = default, d0 = default, d1 = default;
        for (var block = values.FirstBlock; block * Width < values.End; block++)
        {
            var rows = values.Blocks[block] + values.Offset;
            var count = Math.Min(Width, values.End - block * Width);
            for (var i = 0; i < count; i++)
            {
                var (left, right) = (T.LoadWide(rows, i * values.Size + d), T.LoadWide(rows, i * values.Size + d + 2 * Lanes));
                var x = Vector512.Create(weights[i]);
                (a0, a1) = (Vector512.FusedMultiplyAdd(x, left, a0), Vector512.FusedMultiplyAdd(x, right, a1));
                x = Vector512.Create(weights[stride + i]);
                (b0, b1) = (Vector512.FusedMultiplyAdd(x, left, b0), Vector512.FusedMultiplyAdd(x, right, b1));
                x = Vector512.Create(weights[2 * stride + i]);
                (c0, c1) = (Vector512.FusedMultiplyAdd(x, left, c0), Vector512.FusedMultiplyAdd(x, right, c1));
                x = Vector512.Create(weights[3 * stride + i]);
                (d0, d1) = (Vector512.FusedMultiplyAdd(x, left, d0), Vector512.FusedMultiplyAdd(x, right, d1));
            }
            weights += Width;
        }
        Store2(a0 * factors[0], a1 * factors[0], outputs[0] + d);
        Store2(b0 * factors[1], b1 * factors[1], outputs[1] + d);
        Store2(c0 * factors[2], c1 * factors[2], outputs[2] + d);
        Store2(d0 * factors[3], d1 * factors[3], outputs[3] + d);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store2(Vector512<float> left, Vector512<float> right, float* target)
    {
        left.Store(target);
        right.Store(target + 2 * Lanes);
    }
}
