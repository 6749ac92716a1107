using SoftPromptGrpc.Fixtures;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch.Tests;

/// <summary>The inputs of <see cref="CausalGoldens"/> as tensors, and what a decoder makes of them against the golden figures.</summary>
internal static class GoldenBatch
{
    private const double Tolerance = 5e-5;
    private const long Ignored = -100;

    public static Tensor Ids(this CausalGoldens golden) =>
        tensor(golden.InputIds.SelectMany(row => row.Select(id => (long)id)).ToArray()).view(golden.Rows.Length, -1);

    public static Tensor Loss(this CausalGoldens golden, Tensor logits, int virtualTokens) =>
        golden.Loss(logits, virtualTokens, golden.Labels);

    /// <param name="ofRows">Padded on the right.</param>
    public static Tensor Loss(this CausalGoldens golden, Tensor logits, int virtualTokens, int[][] ofRows)
    {
        var labels = ofRows.SelectMany(row => Enumerable.Repeat(Ignored, virtualTokens).Concat(row.Select(id => (long)id)));
        var targets = tensor(labels.ToArray()).view(golden.Rows.Length, -1);
        var columns = targets.shape[1];
        return nn.functional.cross_entropy(logits.narrow(1, 0, columns - 1).flatten(0, 1), targets.narrow(1, 1, columns - 1).flatten());
    }

    public static void AssertLogits(this CausalGoldens golden, GoldenOutput expected, Tensor logits, int virtualTokens)
    {
        for (var row = 0; row < golden.Rows.Length; row++)
        {
            for (var column = 0; column < virtualTokens + golden.Rows[row].Length; column++)
            {
                AssertLogits(expected.At(row, column).ToArray(), logits, row, column);
            }
        }
    }

    public static void AssertPoints(this CausalGoldens golden, GoldenPoints expected, Tensor logits, int virtualTokens, int[][] labels)
    {
        foreach (var (row, column, at) in expected.Logits)
            AssertLogits(at, logits, row, column);
        if (expected.Loss is { } loss)
            Assert.Equal(loss, golden.Loss(logits, virtualTokens, labels).item<float>(), 1e-5);
    }

    private static void AssertLogits(float[] expected, Tensor logits, int row, int column)
    {
        var actual = logits[row, column].data<float>().ToArray();
        var difference = actual.Zip(expected, (a, e) => Math.Abs(a - e)).Max();
        Assert.True(difference < Tolerance, $"Row {row}, column {column}: {difference}");
    }
}
