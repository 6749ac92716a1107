using Microsoft.EntityFrameworkCore;
using SoftPromptGrpc.Server.Jobs;
using SoftPromptGrpc.Server.Tests.Storage;
using Kind = SoftPromptGrpc.Contracts.V1.TrainingEvent.KindOneofCase;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Tests.Jobs;

public sealed class EventHistoryTests : IDisposable
{
    private const int Most = 128;
    private readonly StoreFile _file = new();
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public void Dispose() => _file.Dispose();

    [Fact]
    public async Task Watch_OfALongJob_TellsItsStoryInABoundedNumberOfEvents()
    {
        var job = await TrainAsync(steps: 2000);

        await using var next = new JobsHost(_file);
        var events = await next.WatchAsync(job, 0, _ct);
        var steps = events.Where(e => e.KindCase == Kind.Step).Select(e => e.Step.Step).ToList();

        Assert.InRange(events.Count, Most / 4, Most);
        Assert.Equal(events.Select(e => e.Sequence).Distinct().Order(), events.Select(e => e.Sequence));
        Assert.Equal([Kind.Accepted, Kind.DatasetReport, Kind.Started, Kind.Baseline], events.Take(4).Select(e => e.KindCase));
        Assert.Equal(2000, events[^1].Result.StepsDone);
        Assert.Equal(events[^1].Sequence, (await next.Jobs.GetAsync(job, _ct)).LastSequence);
        Assert.All(steps.Zip(steps.Skip(1)), pair => Assert.InRange(pair.Second - pair.First, 1, 2000 / (Most / 16)));
        Assert.Equal(events.Skip(10), await next.WatchAsync(job, events[9].Sequence, _ct));
        Assert.Equal(events.Skip(10), await next.WatchAsync(job, events[10].Sequence - 1, _ct));
    }

    [Fact]
    public async Task Watch_OfAShortJob_KeepsEveryEvent()
    {
        var job = await TrainAsync(steps: 20);

        await using var next = new JobsHost(_file);
        var events = await next.WatchAsync(job, 0, _ct);

        Assert.Equal(Enumerable.Range(1, events.Count).Select(i => (long)i), events.Select(e => e.Sequence));
        Assert.Equal(20, events.Count(e => e.KindCase == Kind.Step));
    }

    [Theory]
    [InlineData(100)]
    [InlineData(1000)]
    [InlineData(100_000)]
    public void Choose_AnyNumberOfSteps_LeavesFewAndTheNewest(int count)
    {
        var events = Enumerable.Range(1, count).Select(i => ((long)i, i % 3 == 0 ? Kind.Evaluation : Kind.Step)).ToList();

        var left = events.Select(e => e.Item1).Except(new EventThinning(Most).Choose(events)).ToList();

        Assert.InRange(left.Count, Most / 3, Most);
        Assert.Equal(Enumerable.Range(count - 31, 32).Select(i => (long)i), left.TakeLast(32));
    }

    [Fact]
    public void Choose_WhatIsToldOnce_NeverGoes()
    {
        Kind[] once = [Kind.Accepted, Kind.DatasetReport, Kind.Baseline, Kind.Result, Kind.Failure, Kind.Cancelled];
        var events = Enumerable.Range(0, 600).Select(i => ((long)i + 1, once[i % once.Length])).ToList();

        Assert.Empty(new EventThinning(Most).Choose(events));
    }

    private async Task<string> TrainAsync(int steps)
    {
        await using var host = new JobsHost(_file, options => options.MaxEvents = Most);
        await host.StartAsync();
        var spec = Specs.Small(s =>
        {
            (s.Steps, s.CheckpointInterval) = (steps, 5);
            s.Evaluation = new() { SplitRatio = 0.25, Interval = 3 };
        });
        var job = (await host.Jobs.SubmitAsync(spec, "", _ct)).Id;
        while ((await host.Jobs.GetAsync(job, _ct)).State is not Wire.TrainingJobState.Succeeded)
            await host.WatchAsync(job, (await host.Jobs.GetAsync(job, _ct)).LastSequence, _ct);
        await using var store = await host.Contexts.CreateDbContextAsync(_ct);
        Assert.InRange(await store.Events.CountAsync(_ct), 1, Most);
        return job;
    }
}
