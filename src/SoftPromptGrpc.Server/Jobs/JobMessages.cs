using Google.Protobuf.WellKnownTypes;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Server.Storage;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Jobs;

/// <summary>Jobs and what happens to them, in the contract's messages: these are what the store keeps.</summary>
internal static class JobMessages
{
    /// <param name="queuePosition">Jobs in front of it; 0 unless it is queued.</param>
    public static Wire.TrainingJob ToMessage(this StoredJob job, int queuePosition) => new()
    {
        Id = job.Id,
        State = (Wire.TrainingJobState)job.State,
        Spec = Wire.TrainingSpec.Parser.ParseFrom(job.Spec),
        CreateTime = job.CreateTime.ToTimestamp(),
        StartTime = job.StartTime?.ToTimestamp(),
        EndTime = job.EndTime?.ToTimestamp(),
        Step = job.Step,
        TotalSteps = job.TotalSteps,
        LastSequence = job.LastSequence,
        Result = job.Result is null ? null : Wire.TrainingResult.Parser.ParseFrom(job.Result),
        Failure = job.Failure is null ? null : Wire.TrainingFailure.Parser.ParseFrom(job.Failure),
        Attempts = job.Attempts,
        ParentJob = job.ParentJob ?? "",
        DatasetReport = Wire.DatasetReport.Parser.ParseFrom(job.Report),
        QueuePosition = queuePosition,
    };

    public static Wire.Metrics ToMessage(this EvaluationResult result)
    {
        var metrics = new Wire.Metrics { Loss = result.Loss, ExactMatch = result.ExactMatch, ExampleCount = result.Examples };
        if (result.Accuracy is { } accuracy)
            metrics.Accuracy = accuracy;
        return metrics;
    }

    public static Wire.Baseline ToMessage(this BaselineDone baseline) =>
        new() { NoPrompt = baseline.NoPrompt.ToMessage(), TextPrompt = baseline.TextPrompt?.ToMessage() };

    public static Wire.TrainingStep ToMessage(this StepDone step, int totalSteps, TimeSpan eta) => new()
    {
        Step = step.Step,
        TotalSteps = totalSteps,
        Epoch = step.Epoch,
        Loss = step.Loss,
        LearningRate = step.LearningRate,
        GradientNorm = step.GradientNorm,
        TokensPerSecond = step.TokensPerSecond,
        Eta = eta.ToDuration(),
    };

    public static Wire.TrainingResult ToMessage(this TrainedPrompt trained, TimeSpan trainingTime) => new()
    {
        ContentHash = trained.Prompt.ContentHash,
        Metrics = trained.Evaluation?.ToMessage(),
        Baseline = trained.Baseline?.ToMessage(),
        BestStep = trained.Step,
        StepsDone = trained.StepsDone,
        StoppedEarly = trained.StoppedEarly,
        FinalLoss = trained.FinalLoss,
        TrainingTime = trainingTime.ToDuration(),
        PeakBytes = trained.PeakBytes,
    };

    public static bool IsLast(this Wire.TrainingEvent happened) => happened.KindCase
        is Wire.TrainingEvent.KindOneofCase.Result or Wire.TrainingEvent.KindOneofCase.Failure or Wire.TrainingEvent.KindOneofCase.Cancelled;
}
