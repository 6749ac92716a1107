using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Storage;

internal enum JobState { Queued = 1, Running = 2, Succeeded = 3, Failed = 4, Cancelled = 5 }

/// <summary>A training job as it stands. Messages of the contract are kept as their protobuf bytes.</summary>
internal sealed class StoredJob : OfTenant
{
    /// <summary>In the order of submission.</summary>
    public long Number { get; set; }

    public required string Id { get; set; }

    /// <summary>Null where the client chose none.</summary>
    public string? RequestId { get; set; }

    public required JobState State { get; set; }
    public required string ModelId { get; set; }
    public required string PromptName { get; set; }
    public required int Priority { get; set; }

    /// <summary>TrainingSpec with defaults filled in, without examples.</summary>
    public required byte[] Spec { get; set; }

    /// <summary>DatasetReport.</summary>
    public required byte[] Report { get; set; }

    /// <summary>The ResumeTrainingJobRequest that made it; null: it continues no other job.</summary>
    public byte[]? Resume { get; set; }

    /// <summary>The id of the job that it continues.</summary>
    public string? ParentJob => Resume is null ? null : ResumeTrainingJobRequest.Parser.ParseFrom(Resume).Job;

    public required DateTimeOffset CreateTime { get; set; }
    public DateTimeOffset? StartTime { get; set; }
    public DateTimeOffset? EndTime { get; set; }

    /// <summary>Time spent running, over all attempts.</summary>
    public TimeSpan TrainingTime { get; set; }

    public int Step { get; set; }
    public int TotalSteps { get; set; }
    public long LastSequence { get; set; }

    /// <summary>How often it was begun.</summary>
    public int Attempts { get; set; }

    /// <summary>How often the server has stopped without a word while it ran, since its last checkpoint.</summary>
    public int Crashes { get; set; }

    /// <summary>Set while it runs: it shall end as cancelled.</summary>
    public bool CancelRequested { get; set; }

    /// <summary>TrainingResult.</summary>
    public byte[]? Result { get; set; }

    /// <summary>TrainingFailure.</summary>
    public byte[]? Failure { get; set; }
}

/// <summary>The TrainingSpec as it was sent, with its examples: read only to plan the job or to compare a repeated request.</summary>
internal sealed class StoredJobRequest : OfTenant
{
    public long JobNumber { get; set; }
    public required byte[] Spec { get; set; }
}

internal sealed class StoredEvent : OfTenant
{
    public required long JobNumber { get; set; }

    /// <summary>From 1, without gaps.</summary>
    public required long Sequence { get; set; }

    /// <summary>TrainingEvent.</summary>
    public required byte[] Body { get; set; }
}

/// <summary>A job's newest training state; the best prompt so far is part of it.</summary>
internal sealed class StoredCheckpoint : OfTenant
{
    public required long JobNumber { get; set; }
    public required int Step { get; set; }
    public required byte[] State { get; set; }
}
