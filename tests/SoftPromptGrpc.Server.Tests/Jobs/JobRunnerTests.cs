using Microsoft.EntityFrameworkCore;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Server.Storage;
using SoftPromptGrpc.Server.Tests.Storage;
using Kind = SoftPromptGrpc.Contracts.V1.TrainingEvent.KindOneofCase;
using State = SoftPromptGrpc.Contracts.V1.TrainingJobState;

namespace SoftPromptGrpc.Server.Tests.Jobs;

/// <summary>What becomes of jobs when the server stops and starts again.</summary>
public abstract class JobRunnerTests(TestStore file) : IDisposable
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public void Dispose()
    {
        file.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Start_AfterAStopInTheMiddle_ContinuesFromTheStepItWasAt()
    {
        var job = await StopInTheMiddleAsync(leavesCheckpoint: true);

        await using var host = new JobsHost(file);
        await host.StartAsync();
        var events = await host.WatchAsync(job, 0, _ct);

        Assert.Equal(5, Assert.Single(host.Backend.Begun).From!.Step);
        Assert.Equal([1, 2, 3, 4, 5, 6], events.Where(e => e.KindCase == Kind.Step).Select(e => e.Step.Step));
    }

    [Fact]
    public async Task Start_AfterAnEndInTheMiddle_ContinuesFromTheNewestCheckpoint()
    {
        var job = await StopInTheMiddleAsync();

        await using var host = new JobsHost(file);
        await host.StartAsync();
        var events = await host.WatchAsync(job, 0, _ct);
        var from = Assert.Single(host.Backend.Begun).From!;
        var stored = await host.Jobs.GetAsync(job, _ct);
        var prompt = await host.Prompts.LoadAsync(await host.Prompts.FindAsync(PromptReference.Parse("small"), _ct), _ct);

        Assert.Equal(4, from.Step);
        Assert.Equal([4f], from.Optimizer["m"]);
        Assert.Equal(4, events.Last(e => e.KindCase == Kind.Started).Started.FromStep);
        Assert.Equal([1, 2, 3, 4, 5, 5, 6], events.Where(e => e.KindCase == Kind.Step).Select(e => e.Step.Step));
        Assert.Equal(Enumerable.Range(1, events.Count).Select(i => (long)i), events.Select(e => e.Sequence));
        Assert.Equal((State.Succeeded, 2), (stored.State, stored.Attempts));
        Assert.All(prompt.Values.ToArray(), v => Assert.Equal(6, v));
        await using var store = await host.Contexts.CreateDbContextAsync(_ct);
        Assert.Equal(0, (await store.Jobs.SingleAsync(_ct)).Crashes);
    }

    [Fact]
    public async Task Stop_WhileAWatcherWaits_TellsItToComeBack()
    {
        await using var host = new JobsHost(file);
        await host.StartAsync();
        host.Backend.HoldBefore(2);
        var job = await host.Jobs.SubmitAsync(Specs.Small(), "", _ct);
        await host.WaitForAsync(job.Id, e => e.Step is not null, _ct);
        var watching = host.WatchAsync(job.Id, 0, _ct);

        await host.StopAsync();

        Assert.Equal(ErrorKind.Unavailable, (await Assert.ThrowsAsync<SoftPromptException>(() => watching)).Kind);
        Assert.Equal(State.Queued, (await host.Jobs.GetAsync(job.Id, _ct)).State);
    }

    [Fact]
    public async Task Start_AfterACrash_PutsTheJobBackAndCountsIt()
    {
        var job = await StopInTheMiddleAsync();
        await CrashAsync();

        await using var host = new JobsHost(file);
        host.Backend.HoldBefore(5);
        await host.StartAsync();
        await host.WaitForAsync(job, e => e.Started?.FromStep == 4, _ct);
        await using var store = await host.Contexts.CreateDbContextAsync(_ct);
        Assert.Equal(1, (await store.Jobs.AsNoTracking().SingleAsync(_ct)).Crashes);
        host.Backend.Release();
        await host.WatchAsync(job, 0, _ct);

        Assert.Equal(State.Succeeded, (await host.Jobs.GetAsync(job, _ct)).State);
    }

    [Fact]
    public async Task Start_AfterCrashesWithACheckpointInBetween_CountsFromTheBeginning()
    {
        var job = await StopInTheMiddleAsync();
        await CrashAsync(before: 1);
        await using (var host = new JobsHost(file))
        {
            await host.StartAsync();
            await host.WatchAsync(job, 0, _ct);
        }

        await using var store = await file.Open().CreateDbContextAsync(_ct);
        Assert.Equal(0, (await store.Jobs.SingleAsync(_ct)).Crashes);
    }

    [Fact]
    public async Task Start_AfterTheLastCrash_GivesUpAndSaysWhy()
    {
        var job = await StopInTheMiddleAsync();
        await CrashAsync(before: 2);

        await using var host = new JobsHost(file);
        await host.StartAsync();
        var failure = (await host.WatchAsync(job, 0, _ct))[^1].Failure;

        Assert.Contains("3 times", failure.Message, StringComparison.Ordinal);
        Assert.Equal((5, 4), (failure.Step, failure.CheckpointStep));
        Assert.Empty(host.Backend.Begun);
    }

    [Fact]
    public async Task Start_AfterACrashOfACancelledJob_EndsItAsCancelled()
    {
        var job = await StopInTheMiddleAsync();
        await CrashAsync(cancelRequested: true);

        await using var host = new JobsHost(file);
        await host.StartAsync();

        Assert.Equal(5, (await host.WatchAsync(job, 0, _ct))[^1].Cancelled.Step);
        Assert.Empty(host.Backend.Begun);
    }

    [Fact]
    public async Task Start_DamagedCheckpoint_FailsTheJobAlone()
    {
        var job = await StopInTheMiddleAsync();
        await using (var store = await file.Open().CreateDbContextAsync(_ct))
        {
            (await store.Checkpoints.SingleAsync(_ct)).State = [1, 2, 3];
            await store.SaveChangesAsync(_ct);
        }

        await using var host = new JobsHost(file);
        await host.StartAsync();
        var next = await host.Jobs.SubmitAsync(Specs.Small(), "", _ct);

        Assert.Equal(15, (await host.WatchAsync(job, 0, _ct))[^1].Failure.Code);
        Assert.Equal(Kind.Result, (await host.WatchAsync(next.Id, 0, _ct))[^1].KindCase);
    }

    /// <summary>A job of six steps with a checkpoint at 2 and 4, whose server stops after step 5.</summary>
    private async Task<string> StopInTheMiddleAsync(bool leavesCheckpoint = false)
    {
        await using var host = new JobsHost(file);
        host.Backend.LeavesCheckpoint = leavesCheckpoint;
        await host.StartAsync();
        host.Backend.HoldBefore(6);
        var job = await host.Jobs.SubmitAsync(
            Specs.Small(s =>
            {
                s.Steps = 6;
                s.CheckpointInterval = 2;
            }),
            "",
            _ct);
        await host.WaitForAsync(job.Id, e => e.Step?.Step == 5, _ct);
        await host.StopAsync();
        Assert.Equal(State.Queued, (await host.Jobs.GetAsync(job.Id, _ct)).State);
        return job.Id;
    }

    /// <summary>What a server leaves behind that could not put its job back.</summary>
    private async Task CrashAsync(int before = 0, bool cancelRequested = false)
    {
        await using var store = await file.Open().CreateDbContextAsync(_ct);
        var job = await store.Jobs.SingleAsync(_ct);
        (job.State, job.Crashes, job.CancelRequested) = (JobState.Running, before, cancelRequested);
        await store.SaveChangesAsync(_ct);
    }
}

public sealed class SqliteJobRunnerTests() : JobRunnerTests(new StoreFile());

public sealed class PostgresJobRunnerTests() : JobRunnerTests(new PostgresDatabase());
