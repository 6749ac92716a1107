using SoftPromptGrpc.Conformance.Training;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Training;
using TorchSharp;

namespace SoftPromptGrpc.Backends.Torch.Tests;

public sealed class LiveTensorTests
{
    [Fact]
    public async Task TrainAsync_ManySteps_LeaveNoTensorBehind()
    {
        var live = new List<long>();
        var events = new RecordedEvents(e =>
        {
            if (e is StepDone or EvaluationDone)
                live.Add(DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        });

        await Backends.Training().TrainAsync(
            TinyTask.EvaluatedPlan() with { Steps = 40, GradientAccumulation = 2 }, null, events, TestContext.Current.CancellationToken);

        Assert.Equal(60, live.Count);
        Assert.All(live, count => Assert.Equal(live[0], count));
    }

    [Fact]
    public void Forward_NoGradient_LeavesOneTensorBehind()
    {
        using var weights = DecoderWeights.Load((DecoderSpec)Conformance.TinyModel.Llama().Spec, Conformance.TinyModel.Llama().Weights, torch.CPU);
        using var decoder = new Decoder(weights);
        using var embeddings = torch.zeros(1, 8, weights.Spec.HiddenSize);
        decoder.Forward(embeddings).Dispose();
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        using var hidden = decoder.Forward(embeddings);

        Assert.Equal(before + 1, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }
}
