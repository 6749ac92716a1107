using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Operators.Products;

/// <summary>
/// Products of 16-bit rows and 8-bit weights with AVX-512; see <see cref="FloatTiles"/>. The sums are whole numbers, so every way to
/// take them gives the same.
/// </summary>
internal static unsafe class WideInt8Tiles
{
    private const int Step = 2 * Panels.Width;

    public static bool IsSupported => Avx512BW.IsSupported;

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
        var row = (int*)tile->Rows;
        var panel = (sbyte*)tile->Panel;
        var next = tile->Next;
        var depth = tile->Depth;
        var sums = (int*)tile->Sums;
        var (a0, a1, a2) = Begin(tile, sums);
        for (nint k = 0; k < depth; k++, panel += 2 * Panels.Width, next += Step)
        {
            Fetch(next);
            var x = Vector512.Create(row[k]).AsInt16();
            a0 = Add(a0, x, Widen(panel));
            a1 = Add(a1, x, Widen(panel + 32));
            a2 = Add(a2, x, Widen(panel + 64));
        }
        Store(sums, a0, a1, a2);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Eight(Tile* tile)
    {
        var rows = (int*)tile->Rows;
        nint stride = tile->Stride;
        int* x0 = rows, x1 = rows + (tile->Row(1) * stride), x2 = rows + (tile->Row(2) * stride), x3 = rows + (tile->Row(3) * stride);
        int* x4 = rows + (tile->Row(4) * stride), x5 = rows + (tile->Row(5) * stride), x6 = rows + (tile->Row(6) * stride), x7 = rows + (tile->Row(7) * stride);
        var sums = (int*)tile->Sums;
        var (a0, a1, a2) = Begin(tile, sums);
        var (b0, b1, b2) = Begin(tile, sums + Panels.Width);
        var (c0, c1, c2) = Begin(tile, sums + (2 * Panels.Width));
        var (d0, d1, d2) = Begin(tile, sums + (3 * Panels.Width));
        var (e0, e1, e2) = Begin(tile, sums + (4 * Panels.Width));
        var (f0, f1, f2) = Begin(tile, sums + (5 * Panels.Width));
        var (g0, g1, g2) = Begin(tile, sums + (6 * Panels.Width));
        var (h0, h1, h2) = Begin(tile, sums + (7 * Panels.Width));
        var panel = (sbyte*)tile->Panel;
        var next = tile->Next;
        var mask = tile->NextMask;
        var depth = tile->Depth;
        for (nint k = 0; k < depth; k++, panel += 2 * Panels.Width)
        {
            if ((k & mask) == 0)
            {
                Fetch(next);
                next += Step;
            }
            var (p, q, r) = (Widen(panel), Widen(panel + 32), Widen(panel + 64));
            var x = Vector512.Create(x0[k]).AsInt16();
            (a0, a1, a2) = (Add(a0, x, p), Add(a1, x, q), Add(a2, x, r));
            x = Vector512.Create(x1[k]).AsInt16();
            (b0, b1, b2) = (Add(b0, x, p), Add(b1, x, q), Add(b2, x, r));
            x = Vector512.Create(x2[k]).AsInt16();
            (c0, c1, c2) = (Add(c0, x, p), Add(c1, x, q), Add(c2, x, r));
            x = Vector512.Create(x3[k]).AsInt16();
            (d0, d1, d2) = (Add(d0, x, p), Add(d1, x, q), Add(d2, x, r));
            x = Vector512.Create(x4[k]).AsInt16();
            (e0, e1, e2) = (Add(e0, x, p), Add(e1, x, q), Add(e2, x, r));
            x = Vector512.Create(x5[k]).AsInt16();
            (f0, f1, f2) = (Add(f0, x, p), Add(f1, x, q), Add(f2, x, r));
            x = Vector512.Create(x6[k]).AsInt16();
            (g0, g1, g2) = (Add(g0, x, p), Add(g1, x, q), Add(g2, x, r));
            x = Vector512.Create(x7[k]).AsInt16();
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
    private static Vector512<short> Widen(sbyte* weights) => Avx512BW.ConvertToVector512Int16(Vector256.Load(weights));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Add(Vector512<int> sum, Vector512<short> x, Vector512<short> weights) =>
        sum + Avx512BW.MultiplyAddAdjacent(x, weights);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<int>, Vector512<int>, Vector512<int>) Begin(Tile* tile, int* sums) => tile->IsFirst
        ? (Vector512<int>.Zero, Vector512<int>.Zero, Vector512<int>.Zero)
        : (Vector512.Load(sums), Vector512.Load(sums + 16), Vector512.Load(sums + 32));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Fetch(byte* next)
    {
        Sse.Prefetch1(next);
        Sse.Prefetch1(next + 64);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(int* sums, Vector512<int> first, Vector512<int> second, Vector512<int> third)
    {
        first.Store(sums);
        second.Store(sums + 16);
        third.Store(sums + 32);
    }
}
