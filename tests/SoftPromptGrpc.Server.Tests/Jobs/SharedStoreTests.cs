using Microsoft.EntityFrameworkCore;
using SoftPromptGrpc.Server.Storage;
using SoftPromptGrpc.Server.Tests.Storage;
using Kind = SoftPromptGrpc.Contracts.V1.TrainingEvent.KindOneofCase;
using State = SoftPromptGrpc.Contracts.V1.TrainingJobState;

namespace SoftPromptGrpc.Server.Tests.Jobs;

/// <summary>Two servers over one database.</summary>
public sealed class SharedStoreTests : IAsyncDisposable
{
    private readonly PostgresDatabase _database = new();
    private readonly JobsHost _one;
    private readonly JobsHost _two;
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public SharedStoreTests() => (_one, _two) = (new JobsHost(_database), new JobsHost(_database));

    public async ValueTask DisposeAsync()
    {
        await _one.DisposeAsync();
        await _two.DisposeAsync();
        _database.Dispose();
    }

    [Fact]
    public async Task Run_ManyJobsOnBoth_RunsEveryJobOnce()
    {
        await _one.StartAsync();
        await _two.StartAsync();
        var jobs = await Task.WhenAll(Enumerable.Range(0, 20).Select(i =>
            (i % 2 == 0 ? _one : _two).Jobs.SubmitAsync(Specs.Small(s => s.Prompt = $"p{i % 3}"), "", _ct)));
        foreach (var job in jobs)
            await _one.WatchAsync(job.Id, 0, _ct);

        Assert.Equal(20, _one.Backend.Begun.Count + _two.Backend.Begun.Count);
        await using var store = await _one.Contexts.CreateDbContextAsync(_ct);
        Assert.All(await store.Jobs.ToListAsync(_ct), job => Assert.Equal((JobState.Succeeded, 1, 0), (job.State, job.Attempts, job.Crashes)));
        Assert.Equal(20, await store.Prompts.CountAsync(_ct));
    }

    [Fact]
    public async Task Watch_JobOfTheOtherServer_TellsAllOfIt()
    {
        await _one.StartAsync();
        var job = await _one.Jobs.SubmitAsync(Specs.Small(), "", _ct);

        var events = await _two.WatchAsync(job.Id, 0, _ct);

        Assert.Equal(Kind.Result, events[^1].KindCase);
        Assert.Equal(Enumerable.Range(1, events.Count).Select(i => (long)i), events.Select(e => e.Sequence));
    }

    [Fact]
    public async Task Cancel_JobThatTheOtherServerRuns_StopsIt()
    {
        await _one.StartAsync();
        _one.Backend.HoldBefore(2);
        var job = await _one.Jobs.SubmitAsync(Specs.Small(s => s.Steps = 10), "", _ct);
        await _one.WaitForAsync(job.Id, e => e.Step is not null, _ct);

        await _two.Jobs.CancelAsync(job.Id, _ct);
        _one.Backend.HoldBefore(5); // It learns of it when it tells of its steps.
        var events = await _two.WatchAsync(job.Id, 0, _ct);

        Assert.Equal(Kind.Cancelled, events[^1].KindCase);
    }

    [Fact]
    public async Task Start_WhileTheOtherServerRunsAJob_LeavesItTheJob()
    {
        await _one.StartAsync();
        _one.Backend.HoldBefore(2);
        var job = await _one.Jobs.SubmitAsync(Specs.Small(), "", _ct);
        await _one.WaitForAsync(job.Id, e => e.Step is not null, _ct);

        Assert.Empty(await _two.Store.RecoverAsync(3, _ct));
        Assert.Null(await _two.Store.ClaimNextAsync(_ct));

        _one.Backend.Release();
        await _one.WatchAsync(job.Id, 0, _ct);
        Assert.Equal(1, (await _two.Jobs.GetAsync(job.Id, _ct)).Attempts);
    }

    [Fact]
    public async Task Run_AfterTheOtherServerDied_TakesItsJobOver()
    {
        var job = await _one.Jobs.SubmitAsync(Specs.Small(), "", _ct);
        var claimed = await _one.Store.ClaimNextAsync(_ct);
        await _two.StartAsync();
        Assert.Equal(State.Running, (await _two.Jobs.GetAsync(job.Id, _ct)).State);

        await claimed!.Ownership.DisposeAsync(); // What the database does when a server's connection breaks.
        await _two.WatchAsync(job.Id, 0, _ct);

        var stored = await _two.Jobs.GetAsync(job.Id, _ct);
        Assert.Equal((State.Succeeded, 2), (stored.State, stored.Attempts));
    }

    [Fact]
    public async Task Append_AfterTheOtherServerTookTheJobOver_StoresNothing()
    {
        var job = await _one.Jobs.SubmitAsync(Specs.Small(), "", _ct);
        var claimed = await _one.Store.ClaimNextAsync(_ct);
        await claimed!.Ownership.DisposeAsync();
        await _two.StartAsync();
        var events = await _two.WatchAsync(job.Id, 0, _ct);

        await Assert.ThrowsAsync<DbUpdateConcurrencyException>(() =>
            _one.Store.AppendAsync(claimed.Job.Number, [new() { Step = new() { Step = 1 } }], (_, _) => Task.CompletedTask, _ct));
        await Assert.ThrowsAsync<DbUpdateConcurrencyException>(() => _one.Store.RequeueAsync(claimed.Job.Number, _ct));

        Assert.Equal(events, await _two.WatchAsync(job.Id, 0, _ct));
    }
}
