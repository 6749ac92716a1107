using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Server.Paging;
using SoftPromptGrpc.Server.Storage;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Jobs;

/// <summary>Looks at jobs. Every watcher reads the store at its own pace: none holds up a training, and none fills the memory.</summary>
internal sealed class JobReader(IDbContextFactory<StoreContext> contexts, JobSignals signals, IHostApplicationLifetime lifetime)
{
    private const int EventsAtOnce = 200;

    /// <exception cref="SoftPromptException"><see cref="ErrorKind.NotFound"/>.</exception>
    public async Task<StoredJob> FindAsync(string id, CancellationToken cancellationToken)
    {
        await using var store = await contexts.CreateDbContextAsync(cancellationToken);
        return await store.Jobs.AsNoTracking().SingleOrDefaultAsync(j => j.Id == id, cancellationToken)
            ?? throw new SoftPromptException(ErrorKind.NotFound, $"There is no training job '{id}'.") { Reason = "JOB_NOT_FOUND" };
    }

    public async Task<JobContent> ReadAsync(StoredJob job, CancellationToken cancellationToken)
    {
        await using var store = await contexts.CreateDbContextAsync(cancellationToken);
        return await store.ReadAsync(job, cancellationToken);
    }

    /// <exception cref="SoftPromptException"><see cref="ErrorKind.NotFound"/>.</exception>
    public async Task<Wire.TrainingJob> GetAsync(string id, CancellationToken cancellationToken)
    {
        var job = await FindAsync(id, cancellationToken);
        await using var store = await contexts.CreateDbContextAsync(cancellationToken);
        var queue = await JobStore.QueueAsync(store, cancellationToken);
        return job.ToMessage(queue.PositionOf(job));
    }

    public async Task<JobPage> ListAsync(JobQuery query, CancellationToken cancellationToken)
    {
        await using var store = await contexts.CreateDbContextAsync(cancellationToken);
        var matching = store.Jobs.AsNoTracking().Where(j =>
            (query.States.Count == 0 || query.States.Contains(j.State))
            && (query.ModelId == "" || j.ModelId == query.ModelId)
            && (query.PromptName == "" || j.PromptName == query.PromptName));
        if (query.After is { } after)
            matching = matching.Where(j => j.Number < after.Id);
        var page = await matching.OrderByDescending(j => j.Number).Take(query.PageSize + 1).ToListAsync(cancellationToken);
        var queue = await JobStore.QueueAsync(store, cancellationToken);
        return new JobPage(
            [.. page.Take(query.PageSize).Select(j => j.ToMessage(queue.PositionOf(j)))],
            page.Count > query.PageSize ? new PageToken("", page[query.PageSize - 1].Number).Encode(query.Key) : "");
    }

    /// <summary>The job's events with a larger sequence number, stored ones and then live ones, to the job's last.</summary>
    /// <exception cref="SoftPromptException"><see cref="ErrorKind.Unavailable"/>: the server stops before the job has ended.</exception>
    public async IAsyncEnumerable<Wire.TrainingEvent> WatchAsync(
        StoredJob job, long afterSequence, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var changes = signals.Subscribe(job.Number);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        while (!stop.IsCancellationRequested)
        {
            // In this order: once the job is seen to have ended, its last event is seen too.
            var ended = await HasEndedAsync(job.Number, cancellationToken);
            var events = await ReadAsync(job.Number, afterSequence, cancellationToken);
            foreach (var happened in events)
            {
                yield return happened;
                afterSequence = happened.Sequence;
                if (happened.IsLast())
                    yield break;
            }
            if (events.Count > 0)
                continue;
            if (ended)
                yield break;
            await changes.WaitAsync(stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        cancellationToken.ThrowIfCancellationRequested();
        throw new SoftPromptException(ErrorKind.Unavailable, $"The server is stopping; job '{job.Id}' goes on when it is back.")
        {
            Reason = "SERVER_STOPPING",
        };
    }

    private async Task<bool> HasEndedAsync(long number, CancellationToken cancellationToken)
    {
        await using var store = await contexts.CreateDbContextAsync(cancellationToken);
        return await store.Jobs.AnyAsync(
            j => j.Number == number && j.State != JobState.Queued && j.State != JobState.Running, cancellationToken);
    }

    private async Task<List<Wire.TrainingEvent>> ReadAsync(long number, long afterSequence, CancellationToken cancellationToken)
    {
        await using var store = await contexts.CreateDbContextAsync(cancellationToken);
        var bodies = await store.Events
            .Where(e => e.JobNumber == number && e.Sequence > afterSequence)
            .OrderBy(e => e.Sequence)
            .Take(EventsAtOnce)
            .Select(e => e.Body)
            .ToListAsync(cancellationToken);
        return [.. bodies.Select(body => Wire.TrainingEvent.Parser.ParseFrom(body))];
    }
}
