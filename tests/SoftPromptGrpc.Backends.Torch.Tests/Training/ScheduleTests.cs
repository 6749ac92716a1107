using SoftPromptGrpc.Backends.Torch.Training;
using SoftPromptGrpc.Core.Training;

namespace SoftPromptGrpc.Backends.Torch.Tests.Training;

public sealed class ScheduleTests
{
    [Theory]
    [InlineData(ScheduleKind.Constant, 0, new[] { 1, 1, 1, 1, 1, 1, 1.0 })]
    [InlineData(ScheduleKind.Constant, 2, new[] { 0, 0.5, 1, 1, 1, 1, 1 })]
    [InlineData(ScheduleKind.Linear, 2, new[] { 0, 0.5, 1, 0.8, 0.6, 0.4, 0.2 })]
    [InlineData(ScheduleKind.Cosine, 3, new[] { 0, 1 / 3.0, 2 / 3.0, 1, 0.853553, 0.5, 0.146447 })]
    [InlineData(ScheduleKind.Linear, 9, new[] { 0, 1 / 9.0, 2 / 9.0, 3 / 9.0, 4 / 9.0, 5 / 9.0, 6 / 9.0 })]
    public void Factor_SevenSteps_AsTransformers(ScheduleKind kind, int warmUp, double[] expected)
    {
        var settings = new ScheduleSettings(kind, warmUp);

        Assert.All(expected.Index(), e => Assert.Equal(e.Item, Schedule.Factor(settings, e.Index + 1, 7), 1e-6));
    }
}
