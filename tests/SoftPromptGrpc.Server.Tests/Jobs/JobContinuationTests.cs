using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Server.Prompts;
using SoftPromptGrpc.Server.Tests.Fakes;
using SoftPromptGrpc.Server.Tests.Storage;
using Kind = SoftPromptGrpc.Contracts.V1.TrainingEvent.KindOneofCase;
using State = SoftPromptGrpc.Contracts.V1.TrainingJobState;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Tests.Jobs;

/// <summary>Jobs that go on where an ended one stopped.</summary>
public sealed class JobContinuationTests : IAsyncDisposable
{
    private readonly StoreFile _file = new();
    private readonly JobsHost _host;
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public JobContinuationTests() => _host = new JobsHost(_file);

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _file.Dispose();
    }

    [Fact]
    public async Task Resume_FinishedJob_MakesANewVersionWithTheOldAsParent()
    {
        var job = await FinishAsync();

        var next = await _host.Jobs.SubmitAsync(new() { Job = job, AdditionalSteps = 2, LearningRate = 0.01 }, _ct);
        var events = await _host.WatchAsync(next.Id, 0, _ct);
        var stored = await _host.Jobs.GetAsync(next.Id, _ct);
        var prompt = await _host.Prompts.FindAsync(PromptReference.Parse("small"), _ct);
        var lineage = Lineages.Read(prompt.Lineage);

        Assert.Equal(3, events.Single(e => e.KindCase == Kind.Started).Started.FromStep);
        Assert.Equal([4, 5], events.Where(e => e.KindCase == Kind.Step).Select(e => e.Step.Step));
        Assert.Equal((State.Succeeded, job, 5), (stored.State, stored.ParentJob, stored.TotalSteps));
        Assert.Equal((5, 0.01), (stored.Spec.Steps, stored.Spec.Optimizer.LearningRate));
        Assert.Equal(job, events[0].Accepted.Job.ParentJob);
        Assert.Equal("small@2", stored.Result.Prompt);
        Assert.Equal(("small@1", job), (lineage.Parent, lineage.Trained.ParentJob));
        Assert.All((await _host.Prompts.LoadAsync(prompt, _ct)).Values.ToArray(), value => Assert.Equal(5, value));
        Assert.Equal(0.01, _host.Backend.Begun[^1].Plan.Optimizer.LearningRate);
    }

    [Fact]
    public async Task Resume_CancelledJob_DoesWhatWasLeft()
    {
        await _host.StartAsync();
        _host.Backend.HoldBefore(3);
        var job = await SubmitAsync();
        await _host.WaitForAsync(job, e => e.Step?.Step == 2, _ct);
        await _host.Jobs.CancelAsync(job, _ct);
        await _host.WatchAsync(job, 0, _ct);
        _host.Backend.Release();

        var next = await _host.Jobs.SubmitAsync(new() { Job = job }, _ct);
        var events = await _host.WatchAsync(next.Id, 0, _ct);

        Assert.Equal([3], events.Where(e => e.KindCase == Kind.Step).Select(e => e.Step.Step));
        Assert.Equal("small@1", events[^1].Result.Prompt);
    }

    [Fact]
    public async Task Resume_FailedJob_GoesOnFromItsCheckpoint()
    {
        await _host.StartAsync();
        _host.Backend.BeforeStep = step =>
        {
            if (step == 3)
                throw new SoftPromptException(ErrorKind.Precondition, "The loss is not finite at step 3.");
        };
        var job = await SubmitAsync(checkpointInterval: 1);
        await _host.WatchAsync(job, 0, _ct);
        _host.Backend.BeforeStep = _ => { };

        var next = await _host.Jobs.SubmitAsync(new() { Job = job, LearningRate = 0.1 }, _ct);

        Assert.Equal(3, (await _host.WatchAsync(next.Id, 0, _ct))[^1].Result.StepsDone);
    }

    [Fact]
    public async Task Resume_TwiceOver_KeepsTheChain()
    {
        var first = await FinishAsync();
        var second = await _host.Jobs.SubmitAsync(new() { Job = first, AdditionalSteps = 1 }, _ct);
        await _host.WatchAsync(second.Id, 0, _ct);

        var third = await _host.Jobs.SubmitAsync(new() { Job = second.Id, AdditionalSteps = 1 }, _ct);

        Assert.Equal(5, (await _host.WatchAsync(third.Id, 0, _ct))[^1].Result.StepsDone);
        Assert.Equal(second.Id, (await _host.Jobs.GetAsync(third.Id, _ct)).ParentJob);
    }

    [Fact]
    public async Task Resume_SameRequestIdAgain_IsTheSameJob()
    {
        var job = await FinishAsync();
        var request = new Wire.ResumeTrainingJobRequest { Job = job, AdditionalSteps = 1, RequestId = "again" };

        var first = await _host.Jobs.SubmitAsync(request, _ct);
        var second = await _host.Jobs.SubmitAsync(new(request) { CancelOnDisconnect = true }, _ct);
        var other = await Assert.ThrowsAsync<SoftPromptException>(() => _host.Jobs.SubmitAsync(new(request) { AdditionalSteps = 2 }, _ct));
        var training = await Assert.ThrowsAsync<SoftPromptException>(() => _host.Jobs.SubmitAsync(Specs.Small(), "again", _ct));

        Assert.Equal(first.Id, second.Id);
        Assert.Equal((ErrorKind.AlreadyExists, "REQUEST_ID_USED"), (other.Kind, other.Reason));
        Assert.Equal(ErrorKind.AlreadyExists, training.Kind);
    }

    [Fact]
    public async Task Resume_PromptToBeginFromIsGone_GoesOnAllTheSame()
    {
        var first = await FinishAsync();
        var job = (await _host.Jobs.SubmitAsync(Specs.Small(s => s.Initialization = new() { FromPrompt = "small" }), "", _ct)).Id;
        await _host.WatchAsync(job, 0, _ct);
        await _host.Prompts.DeleteAsync(PromptReference.Parse("small@1"), "", _ct);

        var next = await _host.Jobs.SubmitAsync(new() { Job = job, AdditionalSteps = 1 }, _ct);

        Assert.NotNull((await _host.WatchAsync(next.Id, 0, _ct))[^1].Result);
        Assert.NotEqual(first, job);
    }

    [Fact]
    public async Task Resume_OnAnotherModelOfTheSameName_IsRefused()
    {
        var job = await FinishAsync();
        await _host.StopAsync();
        var changed = FakeModels.Create("tiny");
        await using var next = new JobsHost(_file, models: changed with { Fingerprint = "another" });

        var error = await Assert.ThrowsAsync<SoftPromptException>(() => next.Jobs.SubmitAsync(new() { Job = job, AdditionalSteps = 1 }, _ct));

        Assert.Equal(ErrorKind.Precondition, error.Kind);
        Assert.Contains("another", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resume_WhatCannotGoOn_IsRefused()
    {
        var finished = await FinishAsync();
        _host.Backend.HoldBefore(1);
        var running = await SubmitAsync();
        var queued = await SubmitAsync();
        await _host.WaitForAsync(running, e => e.Started is not null, _ct);

        Assert.Equal("JOB_NOT_FOUND", (await RefusedAsync(new() { Job = "none" })).Reason);
        Assert.Equal("JOB_NOT_ENDED", (await RefusedAsync(new() { Job = running })).Reason);
        Assert.Equal("JOB_NOT_ENDED", (await RefusedAsync(new() { Job = queued })).Reason);
        await _host.Jobs.CancelAsync(queued, _ct);
        Assert.Equal("NO_CHECKPOINT", (await RefusedAsync(new() { Job = queued })).Reason);
        Assert.Equal("additional_steps", Assert.Single((await RefusedAsync(new() { Job = finished })).Violations).Field);
        Assert.Equal("additional_steps", Assert.Single((await RefusedAsync(new() { Job = finished, AdditionalSteps = int.MaxValue })).Violations).Field);
        Assert.Equal(
            ["additional_steps", "learning_rate"],
            (await RefusedAsync(new() { Job = finished, AdditionalSteps = 0, LearningRate = double.NaN })).Violations.Select(v => v.Field));
    }

    private Task<SoftPromptException> RefusedAsync(Wire.ResumeTrainingJobRequest request) =>
        Assert.ThrowsAsync<SoftPromptException>(() => _host.Jobs.SubmitAsync(request, _ct));

    private async Task<string> FinishAsync()
    {
        await _host.StartAsync();
        var job = await SubmitAsync();
        await _host.WatchAsync(job, 0, _ct);
        return job;
    }

    private async Task<string> SubmitAsync(int checkpointInterval = 50) =>
        (await _host.Jobs.SubmitAsync(Specs.Small(s => s.CheckpointInterval = checkpointInterval), "", _ct)).Id;
}
