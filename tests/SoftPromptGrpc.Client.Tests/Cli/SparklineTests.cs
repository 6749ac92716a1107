using SoftPromptGrpc.Cli.Training;

namespace SoftPromptGrpc.Client.Tests.Cli;

public sealed class SparklineTests
{
    [Theory]
    [InlineData(new double[0], "")]
    [InlineData(new[] { 3.0 }, "▁")]
    [InlineData(new[] { 0.0, 7.0 }, "▁█")]
    [InlineData(new[] { 8.0, 6.0, 4.0, 2.0, 1.0, 1.0, 0.0, 0.0 }, "█▄▂▁")] // Means 7, 3, 1, 0.
    [InlineData(new[] { 1.0, double.NaN, 2.0, double.PositiveInfinity }, "▁███")]
    public void Draw_Values_ScalesTheirMeans(double[] values, string expected) => Assert.Equal(expected, Sparkline.Draw(values, 4));
}
