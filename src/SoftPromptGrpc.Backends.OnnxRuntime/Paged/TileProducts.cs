using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Paged;

// D: head size, a multiple of 8; 16 positions in a block.

/// <summary>The products of a tile, with the sums in registers. What is added up is added in order: dimensions, positions.</summary>
internal static unsafe partial class TileProducts<T>
    where T : struct, ICacheElement
{
    private const int Width = BlockLayout.Positions;
    private const int Lanes = 8;

    /// <summary>One query with the keys of two blocks.</summary>
    /// <param name="query">[D].</param>
    /// <param name="scores">[2 * 16].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Score1(float* query, int size, byte* left, byte* right, float* scores)
    {
        Vector256<float> a = default, b = default, c = default, d = default;
        for (var i = 0; i < size; i++)
        {
            var x = Vector256.Create(query[i]);
            a = Vector256.FusedMultiplyAdd(x, T.Load(left, i * Width), a);
            b = Vector256.FusedMultiplyAdd(x, T.Load(left, i * Width + Lanes), b);
            c = Vector256.FusedMultiplyAdd(x, T.Load(right, i * Width), c);
            d = Vector256.FusedMultiplyAdd(x, T.Load(right, i * Width + Lanes), d);
        }
        a.Store(scores);
        b.Store(scores + Lanes);
        c.Store(scores + 2 * Lanes);
        d.Store(scores + 3 * Lanes);
    }

    /// <summary>Four queries with the keys of one block.</summary>
    /// <param name="queries">[4, D].</param>
    /// <param name="scores">[4, <paramref name="stride"/>], 16 of each.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Score4(float* queries, int size, byte* keys, float* scores, int stride)
    {
        Vector256<float> a0 = default, a1 = default, b0 = default, b1 = default, c0 = default, c1 = default, d0 = default, d1 = default;
        for (var i = 0; i < size; i++)
        {
            var (left, right) = (T.Load(keys, i * Width), T.Load(keys, i * Width + Lanes));
            var x = Vector256.Create(queries[i]);
            (a0, a1) = (Vector256.FusedMultiplyAdd(x, left, a0), Vector256.FusedMultiplyAdd(x, right, a1));
            x = Vector256.Create(queries[size + i]);
            (b0, b1) = (Vector256.FusedMultiplyAdd(x, left, b0), Vector256.FusedMultiplyAdd(x, right, b1));
            x = Vector256.Create(queries[2 * size + i]);
            (c0, c1) = (Vector256.FusedMultiplyAdd(x, left, c0), Vector256.FusedMultiplyAdd(x, right, c1));
            x = Vector256.Create(queries[3 * size + i]);
            (d0, d1) = (Vector256.FusedMultiplyAdd(x, left, d0), Vector256.FusedMultiplyAdd(x, right, d1));
        }
        Store2(a0, a1, scores);
        Store2(b0, b1, scores + stride);
        Store2(c0, c1, scores + 2 * stride);
        Store2(d0, d1, scores + 3 * stride);
    }

    /// <summary>The values of one row, weighted.</summary>
    public static void Sum1(float* weights, in ValueRows values, float factor, float* output)
    {
        var d = 0;
        for (; d + 8 * Lanes <= values.Size; d += 8 * Lanes)
            Sum1Wide(weights, values, d, factor, output);
        for (; d < values.Size; d += Lanes)
            Sum1Narrow(weights, values, d, factor, output);
    }

    /// <summary>The values of four rows, weighted.</summary>
    /// <param name="weights">[4, <paramref name="stride"/>].</param>
    public static void Sum4(float* weights, int stride, in ValueRows values, float* factors, float** outputs)
    {
        var d = 0;
        for (; Vector512.IsHardwareAccelerated && d + 4 * Lanes <= values.Size; d += 4 * Lanes)
            Sum4Wider(weights, stride, values, d, factors, outputs);
        for (; d + 2 * Lanes <= values.Size; d += 2 * Lanes)
            Sum4Wide(weights, stride, values, d, factors, outputs);
        if (d == values.Size)
            return;
        for (var row = 0; row < 4; row++)
            Sum1Narrow(weights + row * stride, values, d, factors[row], outputs[row]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sum1Wide(float* weights, in ValueRows values, int d, float factor, float* output)
    {
        Vector256<float> a = default, b = default, c = default, e = default, f = default, g = default, h = default, k = default;
        for (var block = values.FirstBlock; block * Width < values.End; block++)
        {
            var rows = values.Blocks[block] + values.Offset;
            var count = Math.Min(Width, values.End - block * Width);
            for (var i = 0; i < count; i++)
            {
                var (x, at) = (Vector256.Create(weights[i]), i * values.Size + d);
                a = Vector256.FusedMultiplyAdd(x, T.Load(rows, at), a);
                b = Vector256.FusedMultiplyAdd(x, T.Load(rows, at + Lanes), b);
                c = Vector256.FusedMultiplyAdd(x, T.Load(rows, at + 2 * Lanes), c);
                e = Vector256.FusedMultiplyAdd(x, T.Load(rows, at + 3 * Lanes), e);
                f = Vector256.FusedMultiplyAdd(x, T.Load(rows, at + 4 * Lanes), f);
                g = Vector256.FusedMultiplyAdd(x, T.Load(rows, at + 5 * Lanes), g);
                h = Vector256.FusedMultiplyAdd(x, T.Load(rows, at + 6 * Lanes), h);
                k = Vector256.FusedMultiplyAdd(x, T.Load(rows, at + 7 * Lanes), k);
            }
            weights += Width;
        }
        var scale = Vector256.Create(factor);
        Store2(a * scale, b * scale, output + d);
        Store2(c * scale, e * scale, output + d + 2 * Lanes);
        Store2(f * scale, g * scale, output + d + 4 * Lanes);
        Store2(h * scale, k * scale, output + d + 6 * Lanes);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sum1Narrow(float* weights, in ValueRows values, int d, float factor, float* output)
    {
        Vector256<float> sum = default;
        for (var block = values.FirstBlock; block * Width < values.End; block++)
        {
            var rows = values.Blocks[block] + values.Offset;
            var count = Math.Min(Width, values.End - block * Width);
            for (var i = 0; i < count; i++)
                sum = Vector256.FusedMultiplyAdd(Vector256.Create(weights[i]), T.Load(rows, i * values.Size + d), sum);
            weights += Width;
        }
        (sum * Vector256.Create(factor)).Store(output + d);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sum4Wide(float* weights, int stride, in ValueRows values, int d, float* factors, float** outputs)
    {
        Vector256<float> a0 = default, a1 = default, b0 = default, b1 = default, c0 = default, c1 = default, d0 = default, d1 = default;
        for (var block = values.FirstBlock; block * Width < values.End; block++)
        {
            var rows = values.Blocks[block] + values.Offset;
            var count = Math.Min(Width, values.End - block * Width);
            for (var i = 0; i < count; i++)
            {
                var (left, right) = (T.Load(rows, i * values.Size + d), T.Load(rows, i * values.Size + d + Lanes));
                var x = Vector256.Create(weights[i]);
                (a0, a1) = (Vector256.FusedMultiplyAdd(x, left, a0), Vector256.FusedMultiplyAdd(x, right, a1));
                x = Vector256.Create(weights[stride + i]);
                (b0, b1) = (Vector256.FusedMultiplyAdd(x, left, b0), Vector256.FusedMultiplyAdd(x, right, b1));
                x = Vector256.Create(weights[2 * stride + i]);
                (c0, c1) = (Vector256.FusedMultiplyAdd(x, left, c0), Vector256.FusedMultiplyAdd(x, right, c1));
                x = Vector256.Create(weights[3 * stride + i]);
                (d0, d1) = (Vector256.FusedMultiplyAdd(x, left, d0), Vector256.FusedMultiplyAdd(x, right, d1));
            }
            weights += Width;
        }
        Store2(a0 * factors[0], a1 * factors[0], outputs[0] + d);
        Store2(b0 * factors[1], b1 * factors[1], outputs[1] + d);
        Store2(c0 * factors[2], c1 * factors[2], outputs[2] + d);
        Store2(d0 * factors[3], d1 * factors[3], outputs[3] + d);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store2(Vector256<float> left, Vector256<float> right, float* target)
    {
        left.Store(target);
        right.Store(target + Lanes);
    }
}

/// <summary>The values of one head, of some neighbouring positions.</summary>
internal readonly unsafe struct ValueRows(byte** blocks, int offset, int firstBlock, int end, int size)
{
    public byte** Blocks => blocks;

    /// <summary>Of the head in a block, in bytes.</summary>
    public int Offset => offset;

    public int FirstBlock => firstBlock;

    /// <summary>Behind the last position.</summary>
    public int End => end;

    /// <summary>Of the head.</summary>
    public int Size => size;
}
