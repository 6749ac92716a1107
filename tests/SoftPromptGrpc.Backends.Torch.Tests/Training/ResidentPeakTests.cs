using SoftPromptGrpc.Backends.Torch.Training;
using SoftPromptGrpc.Conformance.Training;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch.Tests.Training;

public sealed class ResidentPeakTests
{
    private const int Numbers = 1 << 26;

    [Fact]
    public void Bytes_MemoryThatCameAndWent_IsCounted()
    {
        var peak = ResidentPeak.Start();
        Assert.SkipWhen(peak is null, "Only Linux tells.");

        ones(Numbers).Dispose();

        Assert.InRange(peak.Bytes, Numbers * sizeof(float) / 2, long.MaxValue);
    }

    [Fact]
    public async Task TrainAsync_OnTheCpu_TellsItsPeak()
    {
        Assert.SkipWhen(ResidentPeak.Start() is null, "Only Linux tells.");

        var plan = TinyTask.EvaluatedPlan();
        var trained = await Backends.Training().TrainAsync(plan, null, new RecordedEvents(), TestContext.Current.CancellationToken);

        Assert.InRange(trained.PeakBytes, plan.Model.WeightBytes(keepsPrecision: false), long.MaxValue);
    }
}
