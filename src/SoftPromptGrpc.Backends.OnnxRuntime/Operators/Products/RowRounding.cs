using System.Numerics.Tensors;
using System.Runtime.Intrinsics;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Operators.Products;

/// <summary>Rows as 16-bit whole numbers, each row with a scale of its own: what is beside it does not matter.</summary>
internal static class RowRounding
{
    private const float LeastMagnitude = 1e-30f;
    private const int MostWeight = 127;

    /// <summary>The largest magnitude with which no sum over so many inputs leaves 32 bits.</summary>
    public static int Limit(int inputs) => Math.Min(short.MaxValue, int.MaxValue / (MostWeight * inputs));

    /// <param name="target">At least as long; the rest becomes zeros.</param>
    /// <returns>What one unit stands for; not a number for rows that have no finite magnitude.</returns>
    public static float Round(ReadOnlySpan<float> row, Span<short> target)
    {
        var (magnitude, limit) = (MathF.Abs(TensorPrimitives.MaxMagnitude(row)), Limit(row.Length));
        if (!float.IsFinite(magnitude) || magnitude < LeastMagnitude)
        {
            target.Clear();
            return float.IsFinite(magnitude) ? 0 : float.NaN;
        }
        var (factor, i) = (limit / magnitude, 0);
        for (; i <= row.Length - Vector256<short>.Count; i += Vector256<short>.Count)
        {
            var low = Vector256.ConvertToInt32(Vector256.Round(Vector256.Create(row[i..]) * factor));
            var high = Vector256.ConvertToInt32(Vector256.Round(Vector256.Create(row[(i + Vector256<int>.Count)..]) * factor));
            Vector256.Narrow(low, high).CopyTo(target[i..]);
        }
        for (; i < row.Length; i++)
            target[i] = (short)MathF.Round(row[i] * factor);
        target[row.Length..].Clear();
        return magnitude / limit;
    }
}
