using SoftPromptGrpc.Backends.OnnxRuntime.Operators.Products;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Tests.Operators.Products;

public sealed class RowRoundingTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(19)]
    [InlineData(64)]
    public void Round_AnyLength_IsWithinHalfAUnit(int length)
    {
        float[] row = [.. Enumerable.Range(0, length).Select(i => MathF.Sin(i + 1) * 3)];
        var target = new short[length + 1];
        Array.Fill(target, (short)9);

        var unit = RowRounding.Round(row, target);

        Assert.All(row.Index(), x => Assert.InRange(MathF.Abs((target[x.Index] * unit) - x.Item), 0, 0.5001f * unit));
        Assert.Equal(RowRounding.Limit(length), target.Max(Math.Abs));
        Assert.Equal(0, target[length]);
    }

    [Theory]
    [InlineData(0f, 0f)]
    [InlineData(1e-38f, 0f)]
    [InlineData(float.NaN, float.NaN)]
    [InlineData(float.PositiveInfinity, float.NaN)]
    public void Round_NoMagnitude_IsNothingOrNotANumber(float value, float unit) => Assert.Equal(unit, RowRounding.Round([value, 0], new short[2]));

    [Theory]
    [InlineData(64)]
    [InlineData(768)]
    [InlineData(100_000)]
    public void Limit_SumOfLargestProducts_StaysIn32Bits(int inputs) =>
        Assert.InRange(127L * RowRounding.Limit(inputs) * inputs, 1, int.MaxValue);
}
