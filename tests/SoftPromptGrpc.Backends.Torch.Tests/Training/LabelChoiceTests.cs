using SoftPromptGrpc.Backends.Torch.Training;
using SoftPromptGrpc.Core.Training;
using TorchSharp;

namespace SoftPromptGrpc.Backends.Torch.Tests.Training;

public sealed class LabelChoiceTests
{
    [Fact]
    public void Passes_LabelsOfOneToken_AreOne() => Assert.Equal(1, new LabelChoice([[1], [2], [3]]).Passes);

    [Fact]
    public void Sequences_SharedStems_AreRunOnce()
    {
        var choice = new LabelChoice([[1], [2, 3], [2, 4], [2, 3, 5]]);

        TrainingExample[] sequences = [.. choice.Sequences(new([9], [1], Task: 2))];

        Assert.Equal([[0], [2, 0], [2, 3, 0]], sequences.Select(e => e.Target));
        Assert.All(sequences, e => Assert.True(e is { Input: [9], Task: 2 }));
    }

    // Rows: after the input; then after the input and after 1. Columns: tokens 0 to 3.
    [Theory]
    [InlineData(-2f, -1f, -0.5f, new[] { 1, 3 })]
    [InlineData(-2f, -1f, -1.5f, new[] { 2 })]
    [InlineData(-0.1f, -1f, -0.5f, new[] { 2 })]
    public void Choose_SummedLogProbabilities_HighestWins(float two, float one, float three, int[] expected)
    {
        var choice = new LabelChoice([[2], [1, 3]]);
        using var logProbabilities = torch.tensor(new[] { -9f, -9f, two, -9f, -9f, one, -9f, -9f, -9f, -9f, -9f, three }).view(3, 4);

        Assert.Equal(expected, choice.Choose(logProbabilities));
    }
}
