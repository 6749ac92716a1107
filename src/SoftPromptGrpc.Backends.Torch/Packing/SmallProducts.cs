using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SoftPromptGrpc.Backends.Torch.Packing;

// M, N, K: sizes of a product. A matrix's numbers of one row stand side by side unless told otherwise.
/// <summary>A matrix somewhere in memory that somebody else owns.</summary>
/// <param name="Row">From one row to the next.</param>
/// <param name="Column">From one column to the next.</param>
internal readonly unsafe record struct Matrix(nint Start, int Row, int Column = 1)
{
    public float* At(int row) => (float*)Start + ((long)row * Row);

    public Matrix From(int row) => this with { Start = (nint)At(row) };

    public Matrix Columns(int first) => this with { Start = (nint)((float*)Start + ((long)first * Column)) };

    public Matrix Transposed => this with { Row = Column, Column = Row };
}

/// <summary>Products of matrices too small to be worth a library's call or a second thread.</summary>
internal static unsafe class SmallProducts
{
    private const int Block = 4;

    /// <summary>c = a * b^T.</summary>
    /// <param name="a">[M, K].</param>
    /// <param name="b">[N, K].</param>
    /// <param name="c">[M, N].</param>
    public static void SetByRows(Matrix a, Matrix b, Matrix c, int m, int n, int k)
    {
        for (var i = 0; i < m; i += Block)
        {
            for (var j = 0; j < n; j += Block)
            {
                if (i + Block <= m && j + Block <= n)
                    SetBlock(a.From(i), b.From(j), c.At(i) + j, c.Row, k);
                else
                    SetRest(a.From(i), b.From(j), c.At(i) + j, c.Row, Math.Min(Block, m - i), Math.Min(Block, n - j), k);
            }
        }
    }

    /// <summary>c += a * b.</summary>
    /// <param name="a">[M, K], in any order.</param>
    /// <param name="b">[K, N].</param>
    /// <param name="c">[M, N].</param>
    public static void Add(Matrix a, Matrix b, Matrix c, int m, int n, int k)
    {
        var width = 2 * Vector256<float>.Count;
        var whole = n - (n % width);
        for (var j = 0; j < whole; j += width)
        {
            var i = 0;
            for (; i <= m - Block; i += Block)
                AddBlock((float*)a.Start + ((long)i * a.Row), a.Row, a.Column, b.At(0) + j, b.Row, c.At(i) + j, c.Row, k);
            for (; i < m; i++)
                AddRow((float*)a.Start + ((long)i * a.Row), a.Column, b.At(0) + j, b.Row, c.At(i) + j, k);
        }
        if (whole < n)
            AddRest(a, b.Columns(whole), c.Columns(whole), m, n - whole, k);
    }

    public static float Dot(float* a, float* b, int count)
    {
        var (sum, i) = (Vector256<float>.Zero, 0);
        for (; i <= count - Vector256<float>.Count; i += Vector256<float>.Count)
            sum = Vector256.FusedMultiplyAdd(Vector256.Load(a + i), Vector256.Load(b + i), sum);
        var total = Vector256.Sum(sum);
        for (; i < count; i++)
            total += a[i] * b[i];
        return total;
    }

    private static void SetRest(Matrix a, Matrix b, float* c, int cRow, int m, int n, int k)
    {
        for (var i = 0; i < m; i++)
        {
            for (var j = 0; j < n; j++)
                c[((long)i * cRow) + j] = Dot(a.At(i), b.At(j), k);
        }
    }

    private static void SetBlock(Matrix a, Matrix b, float* c, int cRow, int k)
    {
        for (var i = 0; i < Block; i += 2)
            SetPair(a.At(i), a.At(i + 1), b, c + ((long)i * cRow), c + ((long)(i + 1) * cRow), k);
    }

    /// <summary>Two rows by four: eight sums and their six operands fit the registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SetPair(float* a0, float* a1, Matrix b, float* c0, float* c1, int k)
    {
        float* b0 = b.At(0), b1 = b.At(1), b2 = b.At(2), b3 = b.At(3);
        Vector256<float> s00 = default, s01 = default, s02 = default, s03 = default, s10 = default, s11 = default, s12 = default, s13 = default;
        var i = 0;
        for (; i <= k - Vector256<float>.Count; i += Vector256<float>.Count)
        {
            var (x0, x1) = (Vector256.Load(a0 + i), Vector256.Load(a1 + i));
            var y = Vector256.Load(b0 + i);
            (s00, s10) = (Vector256.FusedMultiplyAdd(x0, y, s00), Vector256.FusedMultiplyAdd(x1, y, s10));
            y = Vector256.Load(b1 + i);
            (s01, s11) = (Vector256.FusedMultiplyAdd(x0, y, s01), Vector256.FusedMultiplyAdd(x1, y, s11));
            y = Vector256.Load(b2 + i);
            (s02, s12) = (Vector256.FusedMultiplyAdd(x0, y, s02), Vector256.FusedMultiplyAdd(x1, y, s12));
            y = Vector256.Load(b3 + i);
            (s03, s13) = (Vector256.FusedMultiplyAdd(x0, y, s03), Vector256.FusedMultiplyAdd(x1, y, s13));
        }
        (c0[0], c0[1], c0[2], c0[3]) = (Vector256.Sum(s00), Vector256.Sum(s01), Vector256.Sum(s02), Vector256.Sum(s03));
        (c1[0], c1[1], c1[2], c1[3]) = (Vector256.Sum(s10), Vector256.Sum(s11), Vector256.Sum(s12), Vector256.Sum(s13));
        for (; i < k; i++)
        {
            (c0[0], c0[1], c0[2], c0[3]) = (c0[0] + (a0[i] * b0[i]), c0[1] + (a0[i] * b1[i]), c0[2] + (a0[i] * b2[i]), c0[3] + (a0[i] * b3[i]));
            (c1[0], c1[1], c1[2], c1[3]) = (c1[0] + (a1[i] * b0[i]), c1[1] + (a1[i] * b1[i]), c1[2] + (a1[i] * b2[i]), c1[3] + (a1[i] * b3[i]));
        }
    }

    /// <summary>Four rows by two vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddBlock(float* a, long aRow, long aColumn, float* b, long bRow, float* c, long cRow, int k)
    {
        var w = Vector256<float>.Count;
        float* c1 = c + cRow, c2 = c1 + cRow, c3 = c2 + cRow;
        Vector256<float> s00 = Vector256.Load(c), s01 = Vector256.Load(c + w), s10 = Vector256.Load(c1), s11 = Vector256.Load(c1 + w);
        Vector256<float> s20 = Vector256.Load(c2), s21 = Vector256.Load(c2 + w), s30 = Vector256.Load(c3), s31 = Vector256.Load(c3 + w);
        for (var i = 0; i < k; i++, a += aColumn, b += bRow)
        {
            var (y0, y1) = (Vector256.Load(b), Vector256.Load(b + w));
            var x = Vector256.Create(a[0]);
            (s00, s01) = (Vector256.FusedMultiplyAdd(x, y0, s00), Vector256.FusedMultiplyAdd(x, y1, s01));
            x = Vector256.Create(a[aRow]);
            (s10, s11) = (Vector256.FusedMultiplyAdd(x, y0, s10), Vector256.FusedMultiplyAdd(x, y1, s11));
            x = Vector256.Create(a[2 * aRow]);
            (s20, s21) = (Vector256.FusedMultiplyAdd(x, y0, s20), Vector256.FusedMultiplyAdd(x, y1, s21));
            x = Vector256.Create(a[3 * aRow]);
            (s30, s31) = (Vector256.FusedMultiplyAdd(x, y0, s30), Vector256.FusedMultiplyAdd(x, y1, s31));
        }
        s00.Store(c);
        s01.Store(c + w);
        s10.Store(c1);
        s11.Store(c1 + w);
        s20.Store(c2);
        s21.Store(c2 + w);
        s30.Store(c3);
        s31.Store(c3 + w);
    }

    /// <summary>One row by two vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddRow(float* a, long aColumn, float* b, long bRow, float* c, int k)
    {
        var w = Vector256<float>.Count;
        var (s0, s1) = (Vector256.Load(c), Vector256.Load(c + w));
        for (var i = 0; i < k; i++, a += aColumn, b += bRow)
        {
            var x = Vector256.Create(a[0]);
            (s0, s1) = (Vector256.FusedMultiplyAdd(x, Vector256.Load(b), s0), Vector256.FusedMultiplyAdd(x, Vector256.Load(b + w), s1));
        }
        s0.Store(c);
        s1.Store(c + w);
    }

    private static void AddRest(Matrix a, Matrix b, Matrix c, int m, int n, int k)
    {
        for (var i = 0; i < m; i++)
        {
            for (var x = 0; x < k; x++)
            {
                var factor = a.At(i)[(long)x * a.Column];
                for (var j = 0; j < n; j++)
                    c.At(i)[j] += factor * b.At(x)[j];
            }
        }
    }
}
