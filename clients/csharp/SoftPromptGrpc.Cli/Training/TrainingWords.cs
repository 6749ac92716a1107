using SoftPromptGrpc.Cli.Output;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Training;

/// <summary>Training events in words, one line each.</summary>
internal static class TrainingWords
{
    /// <summary>Empty where absent.</summary>
    public static string Describe(Metrics? metrics)
    {
        if (metrics is null)
            return "";
        var accuracy = metrics.HasAccuracy ? $"accuracy {Figures.Percent(metrics.Accuracy)}, " : "";
        return $"{accuracy}exact match {Figures.Percent(metrics.ExactMatch)}, loss {Figures.Loss(metrics.Loss)}";
    }

    public static IEnumerable<string> Describe(TrainingEvent trainingEvent) => trainingEvent.KindCase switch
    {
        TrainingEvent.KindOneofCase.Accepted => [$"job {trainingEvent.Job} accepted"],
        TrainingEvent.KindOneofCase.DatasetReport => Describe(trainingEvent.DatasetReport),
        TrainingEvent.KindOneofCase.Started => [Describe(trainingEvent.Started)],
        TrainingEvent.KindOneofCase.Baseline => Describe(trainingEvent.Baseline),
        TrainingEvent.KindOneofCase.Step => [Describe(trainingEvent.Step)],
        TrainingEvent.KindOneofCase.Evaluation => [Describe(trainingEvent.Evaluation)],
        TrainingEvent.KindOneofCase.Checkpoint => [$"step {trainingEvent.Checkpoint.Step}: checkpoint saved"],
        TrainingEvent.KindOneofCase.Result => Describe(trainingEvent.Result),
        TrainingEvent.KindOneofCase.Failure => [Describe(trainingEvent.Failure)],
        TrainingEvent.KindOneofCase.Cancelled => [$"cancelled after step {trainingEvent.Cancelled.Step}"],
        TrainingEvent.KindOneofCase.None => [],
    };

    public static IEnumerable<string> Describe(Baseline baseline)
    {
        if (baseline.NoPrompt is { } none)
            yield return $"without a prompt: {Describe(none)}";
        if (baseline.TextPrompt is { } text)
            yield return $"with a text prompt: {Describe(text)}";
    }

    public static string Describe(Evaluation evaluation) =>
        $"step {evaluation.Step}: evaluation {Describe(evaluation.Metrics)}{(evaluation.IsBest ? " (best so far)" : "")}";

    public static IEnumerable<string> Describe(TrainingResult result)
    {
        var early = result.StoppedEarly ? ", stopped early" : "";
        var time = result.TrainingTime is { } duration ? $" in {Figures.Duration(duration.ToTimeSpan())}" : "";
        yield return $"trained {result.Prompt}: {result.StepsDone} steps{time}{early}, final loss {Figures.Loss(result.FinalLoss)}";
        if (result.Metrics is { } metrics)
            yield return $"best at step {result.BestStep}: {Describe(metrics)}";
    }

    public static string Describe(TrainingFailure failure)
    {
        var checkpoint = failure.CheckpointStep > 0 ? $"; the checkpoint of step {failure.CheckpointStep} is kept" : "";
        return $"failed after step {failure.Step}: {failure.Message}{checkpoint}";
    }

    private static IEnumerable<string> Describe(DatasetReport report)
    {
        yield return $"{Figures.Count(report.ExampleCount)} examples to train on, "
            + $"{Figures.Count(report.EvaluationExampleCount)} to evaluate on";
        foreach (var warning in report.Warnings)
            yield return $"warning: {warning}";
    }

    private static string Describe(JobStarted started)
    {
        var from = started.FromStep > 0 ? $", continuing behind step {started.FromStep}" : "";
        return $"started: {started.TotalSteps} steps with {started.Backend}{from}";
    }

    private static string Describe(TrainingStep step)
    {
        var eta = step.Eta is { } left ? $", {Figures.Duration(left.ToTimeSpan())} left" : "";
        return $"step {step.Step}/{step.TotalSteps}: loss {Figures.Loss(step.Loss)}, learning rate {Figures.Rate(step.LearningRate)}, "
            + $"{Figures.Count((long)step.TokensPerSecond)} tokens/s{eta}";
    }
}
