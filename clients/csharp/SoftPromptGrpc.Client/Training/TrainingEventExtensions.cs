using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Client;

public static class TrainingEventExtensions
{
    /// <summary>Whether no event follows: the job succeeded, failed or was cancelled.</summary>
    public static bool IsLast(this TrainingEvent trainingEvent) => trainingEvent.KindCase
        is TrainingEvent.KindOneofCase.Result or TrainingEvent.KindOneofCase.Failure or TrainingEvent.KindOneofCase.Cancelled;

    /// <summary>Whether the job succeeded, failed or was cancelled.</summary>
    public static bool IsOver(this TrainingJob job) => job.State
        is TrainingJobState.Succeeded or TrainingJobState.Failed or TrainingJobState.Cancelled;
}
