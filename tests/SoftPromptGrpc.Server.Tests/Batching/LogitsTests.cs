using SoftPromptGrpc.Server.Batching;

namespace SoftPromptGrpc.Server.Tests.Batching;

public sealed class LogitsTests
{
    [Theory]
    [InlineData(new float[] { 1, 3, 2 }, 1)]
    [InlineData(new float[] { 3, 1, 3 }, 0)]
    [InlineData(new[] { float.NaN, -5, float.NegativeInfinity }, 1)]
    [InlineData(new[] { float.NaN, float.NegativeInfinity }, -1)]
    public void ArgMax_Row_IsTheLowestIdOfTheLargest(float[] logits, int expected) => Assert.Equal(expected, Logits.ArgMax(logits));

    [Fact]
    public void LogSumExp_LargeLogits_DoesNotOverflow() =>
        Assert.Equal(1000 + Math.Log(1 + Math.Exp(-1)), Logits.LogSumExp([1000, 999, float.NegativeInfinity]), 1e-12);

    [Fact]
    public void Top_FewOrMany_GiveTheSameOrder()
    {
        float[] logits = [.. Enumerable.Range(0, 100).Select(i => (float)((i * 37) % 20)), float.NaN, float.NegativeInfinity];
        int[] expected = [.. Enumerable.Range(0, 100).OrderByDescending(i => logits[i]).ThenBy(i => i)];

        Assert.Equal(expected, Logits.Top(logits, logits.Length));
        Assert.Equal(expected.Take(7), Logits.Top(logits, 7));
        Assert.Equal(expected.TakeWhile(i => logits[i] >= 15), Logits.Top(logits, logits.Length, floor: 15));
    }
}
