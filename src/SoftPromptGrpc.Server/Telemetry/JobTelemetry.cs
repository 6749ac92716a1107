using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.EntityFrameworkCore;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Server.Storage;

namespace SoftPromptGrpc.Server.Telemetry;

/// <summary>How many training jobs there are, how they end, and how far those are that run here.</summary>
internal sealed class JobTelemetry
{
    private readonly ConcurrentDictionary<JobRunTelemetry, byte> _running = new();
    private readonly IDbContextFactory<StoreContext> _store;
    private readonly Counter<long> _ended;
    private readonly Counter<long> _steps;

    public JobTelemetry(IMeterFactory meters, IDbContextFactory<StoreContext> store)
    {
        _store = store;
        var meter = meters.CreateMeter();
        _ended = meter.CreateCounter<long>("softprompt.job.attempts", "{attempt}", "Attempts at jobs that ended, by the state they left.");
        _steps = meter.CreateCounter<long>("softprompt.job.steps", "{step}", "Optimizer steps done.");
        meter.CreateObservableGauge("softprompt.jobs", Count, "{job}", "Jobs in the store that wait or run.");
        IEnumerable<Measurement<double>> Each(Func<JobRunTelemetry, StepDone, double> value) =>
            from run in _running.Keys
            let last = run.Last
            where last is not null
            select new Measurement<double>(value(run, last), run.Tags);
        meter.CreateObservableGauge("softprompt.job.loss", () => Each((_, last) => last.Loss), "nat", "Training loss of the last step.");
        meter.CreateObservableGauge("softprompt.job.step", () => Each((_, last) => last.Step), "{step}", "The last step done.");
        meter.CreateObservableGauge(
            "softprompt.job.step_rate", () => Each((run, _) => run.StepRate), "{step}/s", "Steps over time in this attempt.");
        meter.CreateObservableGauge(
            "softprompt.job.token_rate", () => Each((_, last) => last.TokensPerSecond), "{token}/s", "Tokens over time in the last step.");
    }

    /// <returns>Dispose it when the attempt has ended.</returns>
    public JobRunTelemetry Begin(StoredJob job)
    {
        var run = new JobRunTelemetry(this, job);
        _running.TryAdd(run, 0);
        return run;
    }

    public void Stepped(JobRunTelemetry run) => _steps.Add(1, new KeyValuePair<string, object?>(Instruments.Model, run.Model));

    public void Ended(JobRunTelemetry run, JobState state)
    {
        _running.TryRemove(run, out _);
        _ended.Add(1, new(Instruments.Model, run.Model), new(Instruments.State, NameOf(state)));
    }

    public static string NameOf(JobState state) => state switch
    {
        JobState.Queued => "queued",
        JobState.Running => "running",
        JobState.Succeeded => "succeeded",
        JobState.Failed => "failed",
        JobState.Cancelled => "cancelled",
    };

    private IEnumerable<Measurement<long>> Count()
    {
        using var store = _store.CreateDbContext();
        var counts = store.Jobs.IgnoreQueryFilters()
            .Where(job => job.State == JobState.Queued || job.State == JobState.Running)
            .GroupBy(job => job.State)
            .Select(group => new { State = group.Key, Count = group.LongCount() })
            .ToDictionary(group => group.State, group => group.Count);
        JobState[] shown = [JobState.Queued, JobState.Running];
        return shown.Select(state => new Measurement<long>(
            counts.GetValueOrDefault(state), new KeyValuePair<string, object?>(Instruments.State, NameOf(state))));
    }
}
