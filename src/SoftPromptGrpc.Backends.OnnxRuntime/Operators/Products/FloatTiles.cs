using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Operators.Products;

/// <summary>
/// Products in float32 with AVX-512. Each sum is taken input by input, so it has the same bits whatever stands beside it. Every
/// accumulator is a variable of its own: only so does the compiler keep all of them in registers.
/// </summary>
internal static unsafe class FloatTiles
{
    private const int Step = Panels.Width * sizeof(float);

    public static bool IsSupported => Avx512F.IsSupported;

    public static void Multiply(Tile* tile)
    {
        if (tile->Count == 1)
            One(tile);
        else
            Eight(tile);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void One(Tile* tile)
    {
        var row = (float*)tile->Rows;
        var panel = (float*)tile->Panel;
        var next = tile->Next;
        var depth = tile->Depth;
        var sums = (float*)tile->Sums;
        var (a0, a1, a2) = Begin(tile, sums);
        for (nint k = 0; k < depth; k++, panel += Panels.Width, next += Step)
        {
            Fetch(next);
            var x = Vector512.Create(row[k]);
            a0 = Add(a0, x, Vector512.Load(panel));
            a1 = Add(a1, x, Vector512.Load(panel + 16));
            a2 = Add(a2, x, Vector512.Load(panel + 32));
        }
        Store(sums, a0, a1, a2);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Eight(Tile* tile)
    {
        var rows = (float*)tile->Rows;
        nint stride = tile->Stride;
        float* x0 = rows, x1 = rows + (tile->Row(1) * stride), x2 = rows + (tile->Row(2) * stride), x3 = rows + (tile->Row(3) * stride);
        float* x4 = rows + (tile->Row(4) * stride), x5 = rows + (tile->Row(5) * stride), x6 = rows + (tile->Row(6) * stride), x7 = rows + (tile->Row(7) * stride);
        var sums = (float*)tile->Sums;
        var (a0, a1, a2) = Begin(tile, sums);
        var (b0, b1, b2) = Begin(tile, sums + Panels.Width);
        var (c0, c1, c2) = Begin(tile, sums + (2 * Panels.Width));
        var (d0, d1, d2) = Begin(tile, sums + (3 * Panels.Width));
        var (e0, e1, e2) = Begin(tile, sums + (4 * Panels.Width));
        var (f0, f1, f2) = Begin(tile, sums + (5 * Panels.Width));
        var (g0, g1, g2) = Begin(tile, sums + (6 * Panels.Width));
        var (h0, h1, h2) = Begin(tile, sums + (7 * Panels.Width));
        var panel = (float*)tile->Panel;
        var next = tile->Next;
        var mask = tile->NextMask;
        var depth = tile->Depth;
        for (nint k = 0; k < depth; k++, panel += Panels.Width)
        {
            if ((k & mask) == 0)
            {
                Fetch(next);
                next += Step;
            }
            var (p, q, r) = (Vector512.Load(panel), Vector512.Load(panel + 16), Vector512.Load(panel + 32));
            var x = Vector512.Create(x0[k]);
            (a0, a1, a2) = (Add(a0, x, p), Add(a1, x, q), Add(a2, x, r));
            x = Vector512.Create(x1[k]);
            (b0, b1, b2) = (Add(b0, x, p), Add(b1, x, q), Add(b2, x, r));
            x = Vector512.Create(x2[k]);
            (c0, c1, c2) = (Add(c0, x, p), Add(c1, x, q), Add(c2, x, r));
            x = Vector512.Create(x3[k]);
            (d0, d1, d2) = (Add(d0, x, p), Add(d1, x, q), Add(d2, x, r));
            x = Vector512.Create(x4[k]);
            (e0, e1, e2) = (Add(e0, x, p), Add(e1, x, q), Add(e2, x, r));
            x = Vector512.Create(x5[k]);
            (f0, f1, f2) = (Add(f0, x, p), Add(f1, x, q), Add(f2, x, r));
            x = Vector512.Create(x6[k]);
            (g0, g1, g2) = (Add(g0, x, p), Add(g1, x, q), Add(g2, x, r));
            x = Vector512.Create(x7[k]);
            (h0, h1, h2) = (Add(h0, x, p), Add(h1, x, q), Add(h2, x, r));
        }
        Store(sums, a0, a1, a2);
        Store(sums + Panels.Width, b0, b1, b2);
        Store(sums + (2 * Panels.Width), c0, c1, c2);
        Store(sums + (3 * Panels.Width), d0, d1, d2);
        Store(sums + (4 * Panels.Width), e0, e1, e2);
        Store(sums + (5 * Panels.Width), f0, f1, f2);
        Store(sums + (6 * Panels.Width), g0, g1, g2);
        Store(sums + (7 * Panels.Width), h0, h1, h2);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Add(Vector512<float> sum, Vector512<float> x, Vector512<float> weights) =>
        Avx512F.FusedMultiplyAdd(x, weights, sum);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<float>, Vector512<float>, Vector512<float>) Begin(Tile* tile, float* sums) => tile->IsFirst
        ? (Vector512<float>.Zero, Vector512<float>.Zero, Vector512<float>.Zero)
        : (Vector512.Load(sums), Vector512.Load(sums + 16), Vector512.Load(sums + 32));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fetch(byte* next)
    {
        Sse.Prefetch1(next);
        Sse.Prefetch1(next + 64);
        Sse.Prefetch1(next + 128);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* sums, Vector512<float> first, Vector512<float> second, Vector512<float> third)
    {
        first.Store(sums);
        second.Store(sums + 16);
        third.Store(sums + 32);
    }
}
