using Microsoft.EntityFrameworkCore;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Server.Storage;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Jobs;

/// <summary>What belongs to a job in the store.</summary>
internal static class StoredJobs
{
    public static async Task<JobContent> ReadAsync(this StoreContext store, StoredJob job, CancellationToken cancellationToken)
    {
        var request = await store.JobRequests.AsNoTracking().SingleAsync(r => r.JobNumber == job.Number, cancellationToken);
        var checkpoint = await store.Checkpoints.AsNoTracking().SingleOrDefaultAsync(c => c.JobNumber == job.Number, cancellationToken);
        return new JobContent(job, Wire.TrainingSpec.Parser.ParseFrom(request.Spec), checkpoint?.State);
    }

    /// <summary>Null: it continues no other job.</summary>
    public static async Task<StoredJob?> ParentOfAsync(this StoreContext store, StoredJob job, CancellationToken cancellationToken) =>
        job.ParentJob is { } parent ? await store.Jobs.AsNoTracking().SingleAsync(j => j.Id == parent, cancellationToken) : null;

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
