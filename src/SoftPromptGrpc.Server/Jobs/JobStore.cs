using System.Collections.Concurrent;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.EntityFrameworkCore;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Server.Limits;
using SoftPromptGrpc.Server.Storage;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Jobs;

/// <summary>Changes jobs. A change and its events become visible together, and only then are watchers told.</summary>
internal sealed class JobStore(
    IDbContextFactory<StoreContext> contexts, IDbContextFactory<WholeStore> allTenants, IJobOwnership ownership, RunningJobs running,
    TenantQuotas quotas, JobSignals signals, TimeProvider time)
{
    /// <summary>Joining the queue and leaving it are done one after the other, by all servers.</summary>
    private const string QueueLock = "queue";

    /// <summary>Which attempt this server makes at a job that it runs.</summary>
    private readonly ConcurrentDictionary<long, int> _attempts = new();

    /// <summary>Whether other servers use the same store.</summary>
    public bool IsShared => ownership.IsShared;

    /// <param name="maxQueued">How many jobs may be waiting before this one.</param>
    /// <returns>The new job, or the one that the same request made before.</returns>
    public async Task<StoredJob> AddAsync(NewJob added, int maxQueued, CancellationToken cancellationToken)
    {
        var job = added.Job;
        await using var store = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await store.Database.BeginTransactionAsync(cancellationToken);
        await store.LockAsync(QueueLock, cancellationToken);
        if (job.RequestId is { } requestId && await FindRequestAsync(store, requestId, added.Request, cancellationToken) is { } existing)
            return existing;
        var queued = await store.Queue.CountAsync(j => j.State == JobState.Queued, cancellationToken);
        if (queued >= maxQueued)
            throw new SoftPromptException(ErrorKind.Overloaded, $"The queue is full: {queued} jobs are waiting.") { Reason = "QUEUE_FULL" };
        quotas.RequireJob(await store.Jobs.CountAsync(j => j.State == JobState.Queued || j.State == JobState.Running, cancellationToken));
        quotas.RequirePrompt(await store.Prompts.CountAsync(p => p.DeleteTime == null, cancellationToken));
        store.Jobs.Add(job);
        await store.SaveChangesAsync(cancellationToken);
        store.JobRequests.Add(new StoredJobRequest { JobNumber = job.Number, Spec = added.Spec.ToByteArray() });
        if (added.From is { } state)
            await store.PutCheckpointAsync(job, state);
        var position = (await QueueAsync(store, cancellationToken)).PositionOf(job);
        job.LastSequence = 1; // What the event that holds this very job will have.
        var accepted = new Wire.TrainingEvent { Accepted = new() { Job = job.ToMessage(position) } };
        job.LastSequence = 0;
        AddEvents(store, job, accepted, new Wire.TrainingEvent { DatasetReport = Wire.DatasetReport.Parser.ParseFrom(job.Report) });
        await store.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        signals.Raise(JobSignals.Queue);
        return job;
    }

    /// <returns>The job that this request made; null where there is none.</returns>
    /// <exception cref="SoftPromptException"><see cref="ErrorKind.AlreadyExists"/>: it was made by another request.</exception>
    public async Task<StoredJob?> FindRequestAsync(string requestId, IMessage request, CancellationToken cancellationToken)
    {
        await using var store = await contexts.CreateDbContextAsync(cancellationToken);
        return await FindRequestAsync(store, requestId, request, cancellationToken);
    }

    /// <summary>The queue's next job, which is running from now on; null when nothing waits.</summary>
    public async Task<ClaimedJob?> ClaimNextAsync(CancellationToken cancellationToken)
    {
        await using var store = await allTenants.CreateDbContextAsync(cancellationToken);
        await using var transaction = await store.Database.BeginTransactionAsync(cancellationToken);
        await store.LockAsync(QueueLock, cancellationToken);
        var job = await store.Jobs
            .Where(j => j.State == JobState.Queued)
            .OrderByDescending(j => j.Priority)
            .ThenBy(j => j.Number)
            .FirstOrDefaultAsync(cancellationToken);
        if (job is null || await ownership.TryOwnAsync(job.Number, cancellationToken) is not { } owned)
            return null;
        try
        {
            var claimed = await ClaimAsync(store, job, owned, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            signals.Raise(job.Number);
            return claimed;
        }
        catch
        {
            await owned.DisposeAsync();
            throw;
        }
    }

    private async Task<ClaimedJob> ClaimAsync(WholeStore store, StoredJob job, IAsyncDisposable owned, CancellationToken cancellationToken)
    {
        job.State = JobState.Running;
        job.Attempts++;
        job.StartTime ??= time.GetUtcNow();
        var content = await store.ReadAsync(job, cancellationToken);
        await store.SaveChangesAsync(cancellationToken);
        _attempts[job.Number] = job.Attempts;
        return new ClaimedJob(content, owned);
    }

    public async Task<bool> IsCancelRequestedAsync(long number)
    {
        await using var store = await contexts.CreateDbContextAsync();
        return await store.Jobs.AnyAsync(j => j.Number == number && j.CancelRequested);
    }

    /// <summary>Stores events and what they change.</summary>
    /// <param name="change">May write more, which is committed with them.</param>
    public Task AppendAsync(
        long number, IReadOnlyList<Wire.TrainingEvent> events, Func<StoreContext, StoredJob, Task> change, CancellationToken cancellationToken) =>
        ChangeOwnAsync(
            number,
            async (store, job) =>
            {
                await change(store, job);
                AddEvents(store, job, [.. events]);
            },
            cancellationToken);

    /// <summary>Ends a job with its last event.</summary>
    public Task EndAsync(
        long number, JobState state, Func<StoreContext, StoredJob, Task<Wire.TrainingEvent>> last, CancellationToken cancellationToken) =>
        ChangeOwnAsync(
            number,
            async (store, job) =>
            {
                var happened = await last(store, job);
                (job.State, job.EndTime) = (state, time.GetUtcNow());
                AddEvents(store, job, happened);
            },
            cancellationToken);

    /// <summary>Cancels a queued job; notes for a running one that it is to end; leaves a finished one as it is.</summary>
    public Task RequestCancelAsync(long number, CancellationToken cancellationToken) => ChangeAsync(
        number,
        QueueLock,
        (store, job) =>
        {
            if (job.State == JobState.Running)
                job.CancelRequested = true;
            if (job.State == JobState.Queued)
                Cancel(store, job);
            return Task.CompletedTask;
        },
        cancellationToken);

    /// <summary>Puts a job back that the server could not finish before it stopped.</summary>
    public Task RequeueAsync(long number, CancellationToken cancellationToken) => ChangeOwnAsync(
        number,
        (_, job) =>
        {
            job.State = JobState.Queued;
            return Task.CompletedTask;
        },
        cancellationToken);

    /// <summary>
    /// Finds what is called running although its server stopped without a word, and puts it back, ends it or gives up on it.
    /// </summary>
    /// <returns>The jobs that were found.</returns>
    public async Task<IReadOnlyList<StoredJob>> RecoverAsync(int maxCrashes, CancellationToken cancellationToken)
    {
        await using var store = await allTenants.CreateDbContextAsync(cancellationToken);
        var running = await store.Jobs
            .Where(j => j.State == JobState.Running).OrderBy(j => j.Number).Select(j => j.Number).ToListAsync(cancellationToken);
        var interrupted = new List<StoredJob>();
        foreach (var number in running)
        {
            await using var owned = await ownership.TryOwnAsync(number, cancellationToken);
            if (owned is not null && await RecoverAsync(store, number, maxCrashes, cancellationToken) is { } job)
                interrupted.Add(job);
        }
        return interrupted;
    }

    /// <returns>Null: it was running to its end.</returns>
    private async Task<StoredJob?> RecoverAsync(WholeStore store, long number, int maxCrashes, CancellationToken cancellationToken)
    {
        await using var transaction = await store.Database.BeginTransactionAsync(cancellationToken);
        await store.LockAsync(LockOf(number), cancellationToken);
        var job = await store.Jobs.SingleAsync(j => j.Number == number, cancellationToken);
        if (job.State != JobState.Running)
            return null;
        // What this server ran itself, it has lost hold of; any other server has crashed.
        job.Crashes += _attempts.TryGetValue(number, out var attempt) && attempt == job.Attempts ? 0 : 1;
        job.State = JobState.Queued;
        if (job.CancelRequested)
            Cancel(store, job);
        else if (job.Crashes >= maxCrashes)
            await GiveUpAsync(store, job, cancellationToken);
        await store.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        signals.Raise(number);
        return job;
    }

    /// <summary>For the server that runs the job. When it lost the job to another one, nothing is stored.</summary>
    private async Task ChangeOwnAsync(long number, Func<StoreContext, StoredJob, Task> change, CancellationToken cancellationToken)
    {
        var isCancelled = false;
        await ChangeAsync(
            number,
            null,
            (store, job) =>
            {
                if (_attempts.TryGetValue(number, out var attempt) && (job.State != JobState.Running || job.Attempts != attempt))
                    throw new DbUpdateConcurrencyException($"Another server has taken job '{job.Id}' over.");
                isCancelled = job.CancelRequested;
                return change(store, job);
            },
            cancellationToken);
        if (isCancelled) // By way of another server, maybe.
            running.Cancel(number);
    }

    private async Task ChangeAsync(
        long number, string? lockFirst, Func<StoreContext, StoredJob, Task> change, CancellationToken cancellationToken)
    {
        await using var store = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await store.Database.BeginTransactionAsync(cancellationToken);
        if (lockFirst is not null)
            await store.LockAsync(lockFirst, cancellationToken);
        await store.LockAsync(LockOf(number), cancellationToken);
        await change(store, await store.Jobs.SingleAsync(j => j.Number == number, cancellationToken));
        await store.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        signals.Raise(number);
    }

    private static string LockOf(long number) => $"job/{number}";

    private static async Task<StoredJob?> FindRequestAsync(
        StoreContext store, string requestId, IMessage request, CancellationToken cancellationToken)
    {
        var job = await store.Jobs.AsNoTracking().SingleOrDefaultAsync(j => j.RequestId == requestId, cancellationToken);
        if (job is null)
            return null;
        var stored = await store.JobRequests.AsNoTracking().SingleAsync(r => r.JobNumber == job.Number, cancellationToken);
        IMessage before = job.Resume is null
            ? Wire.TrainingSpec.Parser.ParseFrom(stored.Spec)
            : Wire.ResumeTrainingJobRequest.Parser.ParseFrom(job.Resume);
        return before.Equals(request)
            ? job
            : throw new SoftPromptException(ErrorKind.AlreadyExists, $"The request id '{requestId}' was used before with another request.")
            {
                Reason = "REQUEST_ID_USED",
            };
    }

    internal static async Task<JobQueue> QueueAsync(StoreContext store, CancellationToken cancellationToken) => new(
        await store.Queue
            .Select(j => new JobQueue.Place(j.Number, j.State, j.Priority))
            .ToListAsync(cancellationToken));

    private void Cancel(StoreContext store, StoredJob job)
    {
        (job.State, job.EndTime) = (JobState.Cancelled, time.GetUtcNow());
        AddEvents(store, job, new Wire.TrainingEvent { Cancelled = new() { Step = job.Step } });
    }

    private async Task GiveUpAsync(StoreContext store, StoredJob job, CancellationToken cancellationToken)
    {
        var checkpoint = await store.Checkpoints.Where(c => c.JobNumber == job.Number).Select(c => c.Step).SingleOrDefaultAsync(cancellationToken);
        var failure = JobFailures.Crashed(job.Crashes);
        (failure.Step, failure.CheckpointStep) = (job.Step, checkpoint);
        (job.State, job.EndTime, job.Failure) = (JobState.Failed, time.GetUtcNow(), failure.ToByteArray());
        AddEvents(store, job, new Wire.TrainingEvent { Failure = failure });
    }

    private void AddEvents(StoreContext store, StoredJob job, params ReadOnlySpan<Wire.TrainingEvent> events)
    {
        foreach (var happened in events)
        {
            happened.Job = job.Id;
            happened.Sequence = ++job.LastSequence;
            happened.Time ??= time.GetUtcNow().ToTimestamp();
            store.Events.Add(new StoredEvent
            {
                Tenant = job.Tenant,
                JobNumber = job.Number,
                Sequence = happened.Sequence,
                Body = happened.ToByteArray(),
            });
        }
    }
}
