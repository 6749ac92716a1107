using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using SoftPromptGrpc.Backends.Torch.Training;
using SoftPromptGrpc.Conformance.Training;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Fixtures;

namespace SoftPromptGrpc.Backends.Torch.Tests.Training;

public sealed class PassesTests
{
    private static readonly int[] InputLengths = [3, 2, 9, 1, 1, 1];

    [Fact]
    public void Of_MoreThanTheTokens_PartsInOrderAndTheLongestAlone()
    {
        var examples = InputLengths.Select(length => new TrainingExample(new int[length], [1])).ToList();

        var parts = Passes.Of(examples, tokens: 7).ToList();

        Assert.Equal([2, 1, 3], parts.Select(part => part.Count));
        Assert.Equal(examples, parts.SelectMany(part => part));
    }

    [Fact]
    public async Task TrainAsync_AnExampleAPass_TakesTheStepsOfOnePass()
    {
        var plan = TinyTask.EvaluatedPlan();

        var (whole, single) = (await StepsAsync(plan, new TorchOptions()), await StepsAsync(plan, new TorchOptions { TokensPerPass = 1 }));

        Assert.All(whole.Steps.Zip(single.Steps), pair => Assert.Equal(pair.First.Loss, pair.Second.Loss, 1e-4));
        Assert.All(whole.Steps.Zip(single.Steps), pair => Assert.Equal(pair.First.GradientNorm, pair.Second.GradientNorm, 1e-4));
    }

    [Fact]
    public void EstimatePeakBytes_BatchBeyondAPass_NoMoreThanAPass()
    {
        var model = RandomModel.Create(RandomModel.Small);
        var backend = Backend(new TorchOptions { TokensPerPass = 100 });

        var (few, many) = (new BatchShape(10, 30, 20, Shared: 20), new BatchShape(1000, 30, 20, Shared: 20));

        Assert.Equal(backend.EstimatePeakBytes(model, few), backend.EstimatePeakBytes(model, many));
        var whole = Backend(new TorchOptions());
        Assert.True(whole.EstimatePeakBytes(model, few) < whole.EstimatePeakBytes(model, few with { Shared = 0 }));
    }

    private static TorchTrainingBackend Backend(TorchOptions options) => new(Options.Create(options), NullLogger<TorchTrainingBackend>.Instance);

    private static async Task<RecordedEvents> StepsAsync(TrainingPlan plan, TorchOptions options)
    {
        var events = new RecordedEvents();
        await Backend(options).TrainAsync(plan, null, events, TestContext.Current.CancellationToken);
        return events;
    }
}
