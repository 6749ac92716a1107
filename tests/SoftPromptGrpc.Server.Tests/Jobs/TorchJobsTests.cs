using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Fixtures;
using SoftPromptGrpc.Server.Tests.Storage;
using State = SoftPromptGrpc.Contracts.V1.TrainingJobState;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Tests.Jobs;

/// <summary>Jobs on the real backend and a tiny checkpoint.</summary>
public sealed class TorchJobsTests : IDisposable
{
    private readonly StoreFile _file = new();
    private readonly BaseModel _model = Goldens.LoadModel("gpt2");
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _model.Weights.Dispose();
        _file.Dispose();
    }

    [Fact]
    public async Task Run_StoppedAndContinuedByTheNextServer_EndsInTheSameBits()
    {
        Wire.TrainingResult whole;
        await using (var host = Host())
            whole = await ResultAsync(host, await SubmitAsync(host));

        string job;
        var stopping = new HeldTorchBackend(holdAfter: 7);
        await using (var host = new JobsHost(_file, stopping, null, _model))
        {
            job = await SubmitAsync(host);
            await host.StartAsync();
            await stopping.Held.WaitAsync(_ct);
            await host.StopAsync();
            Assert.Equal(State.Queued, (await host.Jobs.GetAsync(job, _ct)).State);
        }
        await using var next = Host();
        var continued = await ResultAsync(next, job);

        var started = (await next.WatchAsync(job, 0, _ct)).Where(e => e.Started is not null).Select(e => e.Started.FromStep).ToArray();
        Assert.Equal([0, 7], started);
        Assert.Equal(whole.ContentHash, continued.ContentHash);
        Assert.Equal((whole.FinalLoss, whole.Metrics, whole.BestStep), (continued.FinalLoss, continued.Metrics, continued.BestStep));
        Assert.Equal(whole.Baseline, continued.Baseline);
    }

    [Fact]
    public async Task Run_Diverging_FailsNamingTheStepAndKeepsACheckpoint()
    {
        await using var host = Host();
        var job = await SubmitAsync(host, s => (s.Optimizer, s.MaxGradientNorm) = (new() { Kind = Wire.OptimizerKind.Sgd, LearningRate = 1e38 }, 0));
        await host.StartAsync();

        var failure = (await host.WatchAsync(job, 0, _ct))[^1].Failure;

        Assert.Equal(9, failure.Code);
        Assert.Contains("not finite at step", failure.Message, StringComparison.Ordinal);
    }

    private JobsHost Host() => new(_file, new HeldTorchBackend(), null, _model);

    private async Task<Wire.TrainingResult> ResultAsync(JobsHost host, string job)
    {
        await host.StartAsync();
        return (await host.WatchAsync(job, 0, _ct))[^1].Result;
    }

    private async Task<string> SubmitAsync(JobsHost host, Action<Wire.TrainingSpec>? change = null)
    {
        var spec = new Wire.TrainingSpec
        {
            Prompt = "p",
            VirtualTokens = 3,
            Steps = 12,
            BatchSize = 4,
            CheckpointInterval = 3,
            Seed = 5,
            AppendEndOfSequence = false,
            Evaluation = new() { SplitRatio = 0.25, Interval = 4 },
        };
        spec.Examples = new()
        {
            Examples = { Enumerable.Range(1, 16).Select(i => new Wire.Example { Input = Specs.Ids((uint)i, 7), Target = Specs.Ids((uint)(i % 2) + 20) }) },
        };
        change?.Invoke(spec);
        return (await host.Jobs.SubmitAsync(spec, "", _ct)).Id;
    }
}
