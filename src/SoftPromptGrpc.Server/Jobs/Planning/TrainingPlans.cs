using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Core.Training.Methods;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Jobs.Planning;

internal static class TrainingPlans
{
    /// <param name="spec">Valid, with every default filled in.</param>
    public static TrainingPlan Of(
        Wire.TrainingSpec spec, BaseModel model, TrainingMethod method, InitialTensors initial, PlannedData data, int[]? textPrompt) => new()
        {
            Model = model,
            Method = method,
            Initial = initial.Tensors,
            InitialText = initial.Text,
            Examples = Examples(spec, data.Training),
            EvaluationExamples = Examples(spec, data.Evaluation),
            Evaluation = new EvaluationSettings(
            spec.Evaluation.Interval, spec.Evaluation.HasEarlyStoppingPatience ? spec.Evaluation.EarlyStoppingPatience : null, data.Labels),
            TextPrompt = textPrompt,
            Optimizer = Of(spec.Optimizer),
            Schedule = new ScheduleSettings(Of(spec.Schedule.Kind), spec.Schedule.WarmUpSteps),
            Steps = (int)SpecDefaults.StepsOf(spec, data.Training.Count),
            BatchSize = spec.BatchSize,
            GradientAccumulation = spec.GradientAccumulationSteps,
            ClipNorm = spec.MaxGradientNorm > 0 ? spec.MaxGradientNorm : null,
            Shuffle = spec.Shuffle,
            Seed = spec.Seed,
            CheckpointInterval = spec.CheckpointInterval,
        };

    private static TrainingExample[] Examples(Wire.TrainingSpec spec, IEnumerable<EncodedExample> examples) =>
        [.. examples.Select(e => e.Tokens with { Task = spec.Multitask?.Task ?? 0 })];

    private static OptimizerSettings Of(Wire.Optimizer optimizer) => new(
        Of(optimizer.Kind), optimizer.LearningRate, optimizer.WeightDecay, optimizer.Beta1, optimizer.Beta2, optimizer.Epsilon, optimizer.Momentum);

    private static OptimizerKind Of(Wire.OptimizerKind kind) => kind switch
    {
        Wire.OptimizerKind.Unspecified or Wire.OptimizerKind.Adamw => OptimizerKind.AdamW,
        Wire.OptimizerKind.Adafactor => OptimizerKind.Adafactor,
        Wire.OptimizerKind.Sgd => OptimizerKind.Sgd,
    };

    private static ScheduleKind Of(Wire.ScheduleKind kind) => kind switch
    {
        Wire.ScheduleKind.Constant => ScheduleKind.Constant,
        Wire.ScheduleKind.Unspecified or Wire.ScheduleKind.Linear => ScheduleKind.Linear,
        Wire.ScheduleKind.Cosine => ScheduleKind.Cosine,
    };
}
