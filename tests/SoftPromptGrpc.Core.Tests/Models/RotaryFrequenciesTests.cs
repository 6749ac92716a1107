using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Core.Tests.Models;

public sealed class RotaryFrequenciesTests
{
    [Fact]
    public void Of_NoScaling_FallsGeometrically() =>
        AssertClose([1f, 0.1f, 0.01f, 0.001f], RotaryFrequencies.Of(new RotarySpec(10_000, 8)));

    [Fact]
    public void Of_Linear_DividesEveryFrequency() =>
        AssertClose(
            [0.5f, 0.05f, 0.005f, 0.0005f],
            RotaryFrequencies.Of(new RotarySpec(10_000, 8, new RotaryScaling(RotaryScalingKind.Linear, 2))));

    // Wavelengths are 6.3, 62.8, 628 and 6283: below 32 / 4 nothing changes, above 32 / 0.5 the factor divides, between them both mix.
    [Fact]
    public void Of_Llama3_KeepsHighAndDividesLowFrequencies()
    {
        var scaling = new RotaryScaling(RotaryScalingKind.Llama3, 8, LowFrequencyFactor: 0.5, HighFrequencyFactor: 4, OriginalContextLength: 32);
        var smooth = (32 / (2 * Math.PI / 0.1) - 0.5) / (4 - 0.5);

        AssertClose(
            [1f, (float)((1 - smooth) * 0.1 / 8 + smooth * 0.1), 0.01f / 8, 0.001f / 8],
            RotaryFrequencies.Of(new RotarySpec(10_000, 8, scaling)));
    }

    [Fact]
    public void Table_AnyPositions_HoldsCosinesAndSinesRowByRow()
    {
        var (cos, sin) = RotaryFrequencies.Table(new RotarySpec(10_000, 4), 3);

        AssertClose([1, 1, MathF.Cos(1), MathF.Cos(0.01f), MathF.Cos(2), MathF.Cos(0.02f)], cos);
        AssertClose([0, 0, MathF.Sin(1), MathF.Sin(0.01f), MathF.Sin(2), MathF.Sin(0.02f)], sin);
    }

    private static void AssertClose(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-6f * Math.Max(1, Math.Abs(pair.First))));
    }
}
