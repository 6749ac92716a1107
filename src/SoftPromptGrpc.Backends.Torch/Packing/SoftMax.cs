using System.Runtime.Intrinsics;

namespace SoftPromptGrpc.Backends.Torch.Packing;

/// <summary>One query's scores.</summary>
internal static unsafe class SoftMax
{
    private static int Lanes => Vector256<float>.Count;

    /// <summary>Scores become probabilities; those that are not seen 0.</summary>
    /// <param name="from">The first that is seen.</param>
    /// <param name="to">The end of those that are seen.</param>
    /// <returns>The logarithm of the sum of the exponentials.</returns>
    public static float Forward(float* scores, int from, int to, int width)
    {
        Hide(scores, from, to, width);
        var highest = Highest(scores, from, to);
        var sum = Exponentials(scores, from, to, highest);
        Scale(new Span<float>(scores + from, to - from), 1 / sum);
        return highest + MathF.Log(sum);
    }

    /// <param name="scores">Become probabilities.</param>
    /// <param name="gradients">Of the probabilities; become those of the products of queries and keys.</param>
    /// <param name="slopes">What becomes of the products before they are scores; null: nothing.</param>
    /// <param name="delta">Sum of probabilities times gradients.</param>
    public static void Backward(
        float* scores, float* gradients, float* slopes, int from, int to, int width, float logSum, float delta, float scale)
    {
        Hide(scores, from, to, width);
        Hide(gradients, from, to, width);
        _ = Exponentials(scores, from, to, logSum);
        var i = from;
        var (d, f) = (Vector256.Create(delta), Vector256.Create(scale));
        for (; i <= to - Lanes; i += Lanes)
        {
            var g = Vector256.Load(scores + i) * (Vector256.Load(gradients + i) - d) * f;
            (slopes is null ? g : g * Vector256.Load(slopes + i)).Store(gradients + i);
        }
        for (; i < to; i++)
            gradients[i] = scores[i] * (gradients[i] - delta) * scale * (slopes is null ? 1 : slopes[i]);
    }

    public static void Scale(Span<float> values, float factor)
    {
        foreach (ref var value in values)
            value *= factor;
    }

    public static void Add(Span<float> values, ReadOnlySpan<float> others)
    {
        for (var i = 0; i < values.Length; i++)
            values[i] += others[i];
    }

    /// <param name="slopes">Empty: not wanted.</param>
    public static void Cap(Span<float> values, float cap, Span<float> slopes)
    {
        for (var i = 0; i < values.Length; i++)
        {
            var bent = MathF.Tanh(values[i] / cap);
            values[i] = bent * cap;
            if (!slopes.IsEmpty)
                slopes[i] = 1 - (bent * bent);
        }
    }

    private static void Hide(float* values, int from, int to, int width)
    {
        new Span<float>(values, from).Clear();
        new Span<float>(values + to, width - to).Clear();
    }

    private static float Highest(float* values, int from, int to)
    {
        var (highest, i) = (Vector256.Create(float.NegativeInfinity), from);
        for (; i <= to - Lanes; i += Lanes)
            highest = Vector256.Max(highest, Vector256.Load(values + i));
        var result = float.NegativeInfinity;
        for (var lane = 0; lane < Lanes; lane++)
            result = MathF.Max(result, highest[lane]);
        for (; i < to; i++)
            result = MathF.Max(result, values[i]);
        return result;
    }

    /// <summary>Of what is left when <paramref name="less"/> is taken away.</summary>
    /// <returns>Their sum.</returns>
    private static float Exponentials(float* values, int from, int to, float less)
    {
        var (sum, i) = (Vector256<float>.Zero, from);
        for (; i <= to - Lanes; i += Lanes)
        {
            var exponentials = Vector256.Exp(Vector256.Load(values + i) - Vector256.Create(less));
            exponentials.Store(values + i);
            sum += exponentials;
        }
        var total = Vector256.Sum(sum);
        for (; i < to; i++)
            total += values[i] = MathF.Exp(values[i] - less);
        return total;
    }
}
