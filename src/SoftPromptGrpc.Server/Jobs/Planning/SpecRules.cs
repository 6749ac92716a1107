using Google.Protobuf.WellKnownTypes;
using SoftPromptGrpc.Core.Prompts;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Jobs.Planning;

/// <summary>The ranges that training.proto documents, as far as neither model nor data is needed to check them.</summary>
internal static class SpecRules
{
    public const int MostVirtualTokens = 1024;
    public const int MostSteps = 10_000_000;
    public const int MostEpochs = 10_000;

    private const int MostLabels = 64;
    private const int MostLabelLength = 63;

    /// <param name="spec">With defaults filled in.</param>
    public static void Check(Wire.TrainingSpec spec, Violations violations)
    {
        violations.Require(
            PromptReference.IsName(spec.Prompt), "spec.prompt",
            "must be 1 to 100 characters of a-z, A-Z, 0-9, '.', '_' and '-', beginning with a letter or digit");
        Range("virtual_tokens", spec.VirtualTokens, 1, MostVirtualTokens);
        Range("batch_size", spec.BatchSize, 1, 4096);
        Range("gradient_accumulation_steps", spec.GradientAccumulationSteps, 1, 1024);
        Range("priority", spec.Priority, -100, 100);
        if (spec.DurationCase == Wire.TrainingSpec.DurationOneofCase.Epochs)
            Range("epochs", spec.Epochs, 1, MostEpochs);
        if (spec.DurationCase == Wire.TrainingSpec.DurationOneofCase.Steps)
            Range("steps", spec.Steps, 1, MostSteps);
        violations.Require(spec.MaxGradientNorm >= 0, "spec.max_gradient_norm", "must be over 0, or 0 for no clipping");
        violations.Require(spec.CheckpointInterval >= 1, "spec.checkpoint_interval", "must be at least 1");
        violations.Require(
            TextTemplate.IsValid(spec.Template.Pattern), "spec.template.pattern", $"must hold \"{TextTemplate.Placeholder}\" exactly once");
        MethodRules.Check(spec, violations);
        CheckOptimizer(spec.Optimizer, violations);
        CheckSchedule(spec.Schedule, violations);
        CheckEvaluation(spec.Evaluation, violations);
        CheckLabels(spec.Labels, violations);
        CheckMaxDuration(spec.MaxDuration, violations);

        void Range(string field, int value, int least, int most) =>
            violations.Require(value >= least && value <= most, $"spec.{field}", $"must be between {least} and {most}, not {value}");
    }

    private static void CheckOptimizer(Wire.Optimizer optimizer, Violations violations)
    {
        Require(System.Enum.IsDefined(optimizer.Kind), "kind", "is no optimizer");
        Require(IsOver0(optimizer.LearningRate), "learning_rate", "must be over 0");
        Require(double.IsFinite(optimizer.WeightDecay) && optimizer.WeightDecay >= 0, "weight_decay", "must be 0 or more");
        Require(optimizer.Beta1 is >= 0 and < 1, "beta1", "must be at least 0 and under 1");
        Require(optimizer.Beta2 is >= 0 and < 1, "beta2", "must be at least 0 and under 1");
        Require(IsOver0(optimizer.Epsilon), "epsilon", "must be over 0");
        Require(optimizer.Momentum is >= 0 and < 1, "momentum", "must be at least 0 and under 1");

        void Require(bool condition, string field, string description) =>
            violations.Require(condition, $"spec.optimizer.{field}", description);
    }

    private static void CheckSchedule(Wire.Schedule schedule, Violations violations)
    {
        violations.Require(System.Enum.IsDefined(schedule.Kind), "spec.schedule.kind", "is no schedule");
        if (schedule.HasWarmUpSteps)
            violations.Require(schedule.WarmUpSteps >= 0, "spec.schedule.warm_up_steps", "must be 0 or more");
    }

    private static void CheckEvaluation(Wire.EvaluationOptions evaluation, Violations violations)
    {
        if (evaluation.HasSplitRatio)
            violations.Require(evaluation.SplitRatio is >= 0 and <= 0.5, "spec.evaluation.split_ratio", "must be between 0 and 0.5");
        if (evaluation.HasInterval)
            violations.Require(evaluation.Interval >= 1, "spec.evaluation.interval", "must be at least 1");
        if (evaluation.HasEarlyStoppingPatience)
            violations.Require(evaluation.EarlyStoppingPatience >= 1, "spec.evaluation.early_stopping_patience", "must be at least 1");
    }

    public static void CheckLabels(
        IReadOnlyCollection<KeyValuePair<string, string>> labels, Violations violations, string field = "spec.labels")
    {
        violations.Require(labels.Count <= MostLabels, field, $"must be at most {MostLabels}, not {labels.Count}");
        violations.Require(
            labels.All(l => l.Key.Length is >= 1 and <= MostLabelLength && l.Value.Length <= MostLabelLength), field,
            $"must have keys of 1 to {MostLabelLength} and values of at most {MostLabelLength} characters");
    }

    private static void CheckMaxDuration(Duration? duration, Violations violations)
    {
        if (duration is not null)
        {
            violations.Require(
                duration is { Seconds: >= 0 and <= Duration.MaxSeconds, Nanos: >= 0 and < Duration.NanosecondsPerSecond }
                    and not { Seconds: 0, Nanos: 0 },
                "spec.max_duration", "must be over 0");
        }
    }

    private static bool IsOver0(double value) => double.IsFinite(value) && value > 0;
}
