using System.Collections.Concurrent;

namespace SoftPromptGrpc.Server.Jobs;

/// <summary>The jobs that run in this process, so that they can be stopped. Safe from several threads.</summary>
internal sealed class RunningJobs
{
    private readonly ConcurrentDictionary<long, Run> _runs = new();

    /// <summary>Dispose it at the end of the run.</summary>
    public Run Begin(long number)
    {
        var run = new Run(this, number);
        return _runs.TryAdd(number, run) ? run : throw new InvalidOperationException("The job is running already.");
    }

    /// <summary>Stops a job within a step; nothing happens when it does not run here.</summary>
    public void Cancel(long number)
    {
        if (_runs.TryGetValue(number, out var run))
            run.Cancel();
    }

    internal sealed class Run(RunningJobs running, long number) : IDisposable
    {
        private readonly CancellationTokenSource _cancelled = new();

        public CancellationToken Cancelled => _cancelled.Token;

        public void Cancel() => _cancelled.Cancel();

        // The source has no timer or handle to free, and a late Cancel must find it alive.
        public void Dispose() => running._runs.TryRemove(number, out _);
    }
}
