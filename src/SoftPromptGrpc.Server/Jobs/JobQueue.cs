using SoftPromptGrpc.Server.Storage;

namespace SoftPromptGrpc.Server.Jobs;

/// <summary>Who is before whom: higher priority first, then older.</summary>
internal sealed class JobQueue(IReadOnlyList<JobQueue.Place> places)
{
    internal sealed record Place(long Number, JobState State, int Priority);

    /// <summary>Running and waiting jobs in front of this one; 0 unless it is queued.</summary>
    public int PositionOf(StoredJob job) => job.State != JobState.Queued ? 0 : places.Count(other =>
        other.State == JobState.Running
        || other.Priority > job.Priority
        || (other.Priority == job.Priority && other.Number < job.Number));
}
