using Microsoft.EntityFrameworkCore;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Server.Storage;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Jobs;

/// <summary>What belongs to a job in the store.</summary>
internal static class StoredJobs
{
    private const int MostParameters = 500;

    public static async Task<JobContent> ReadAsync(this StoreContext store, StoredJob job, CancellationToken cancellationToken)
    {
        var request = await store.JobRequests.AsNoTracking().SingleAsync(r => r.JobNumber == job.Number, cancellationToken);
        var checkpoint = await store.Checkpoints.AsNoTracking().SingleOrDefaultAsync(c => c.JobNumber == job.Number, cancellationToken);
        return new JobContent(job, Wire.TrainingSpec.Parser.ParseFrom(request.Spec), checkpoint?.State);
    }

    /// <summary>Null: it continues no other job.</summary>
    public static async Task<StoredJob?> ParentOfAsync(this StoreContext store, StoredJob job, CancellationToken cancellationToken) =>
        job.ParentJob is { } parent ? await store.Jobs.AsNoTracking().SingleAsync(j => j.Id == parent, cancellationToken) : null;

    public static async Task ThinEventsAsync(this StoreContext store, StoredJob job, EventThinning thinning)
    {
        var events = store.Events.Where(e => e.JobNumber == job.Number);
        var bodies = await events.OrderBy(e => e.Sequence).Select(e => e.Body).ToListAsync();
        var told = bodies.Select(body => Wire.TrainingEvent.Parser.ParseFrom(body)).Select(e => (e.Sequence, e.KindCase));
        foreach (var some in thinning.Choose([.. told]).Chunk(MostParameters))
            await events.Where(e => some.Contains(e.Sequence)).ExecuteDeleteAsync();
    }

    /// <summary>To be called within a transaction. The checkpoint before is not read: it may be large.</summary>
    public static async Task PutCheckpointAsync(this StoreContext store, StoredJob job, TrainingState state)
    {
        var bytes = TrainingStateFormat.Write(state);
        var replaced = await store.Checkpoints.Where(c => c.JobNumber == job.Number).ExecuteUpdateAsync(
            set => set.SetProperty(c => c.Step, state.Step).SetProperty(c => c.State, bytes));
        if (replaced == 0)
            store.Checkpoints.Add(new StoredCheckpoint { JobNumber = job.Number, Step = state.Step, State = bytes });
    }
}
