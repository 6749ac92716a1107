using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Paged;

/// <summary>Scores into weights, in place.</summary>
internal static unsafe class Softmax
{
    private const int Lanes = 8;

    /// <param name="scores">Of positions <paramref name="start"/> to <paramref name="stop"/> - 1, both multiples of 16.</param>
    /// <param name="first">The first position that the query sees.</param>
    /// <param name="end">Behind the last one.</param>
    /// <param name="cap">0: none.</param>
    /// <param name="biases">By position; null: none.</param>
    /// <returns>What the weights are still to be multiplied by.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Run(float* scores, int start, int first, int end, int stop, float cap, float* biases)
    {
        var count = stop - start;
        if (cap > 0)
            Cap(scores, count, cap);
        if (biases is not null)
            Add(scores, biases + start, end - start);
        for (var i = 0; i < first - start; i++)
            scores[i] = float.NegativeInfinity;
        for (var i = end - start; i < count; i++)
            scores[i] = float.NegativeInfinity;
        var most = Vector256.Create(float.NegativeInfinity);
        for (var i = 0; i < count; i += Lanes)
            most = Vector256.Max(most, Vector256.Load(scores + i));
        var greatest = most[0];
        for (var i = 1; i < Lanes; i++)
            greatest = MathF.Max(greatest, most[i]);
        var (shift, sum) = (Vector256.Create(greatest), Vector256<float>.Zero);
        for (var i = 0; i < count; i += Lanes)
        {
            var weight = VectorMath.Exp(Vector256.Load(scores + i) - shift);
            weight.Store(scores + i);
            sum += weight;
        }
        return 1 / Vector256.Sum(sum);
    }

    private static void Cap(float* scores, int count, float cap)
    {
        for (var i = 0; i < count; i += Lanes)
            (Vector256.Create(cap) * VectorMath.Tanh(Vector256.Load(scores + i) * Vector256.Create(1 / cap))).Store(scores + i);
    }

    private static void Add(float* scores, float* biases, int count)
    {
        var i = 0;
        for (; i + Lanes <= count; i += Lanes)
            (Vector256.Load(scores + i) + Vector256.Load(biases + i)).Store(scores + i);
        for (; i < count; i++)
            scores[i] += biases[i];
    }
}
