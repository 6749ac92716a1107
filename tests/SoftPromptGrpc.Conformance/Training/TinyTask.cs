using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Training;

namespace SoftPromptGrpc.Conformance.Training;

/// <summary>Examples of different lengths: the target names which of two tokens the input holds.</summary>
public static class TinyTask
{
    public const int VirtualTokens = 3;

    public static IReadOnlyList<int[]> Labels { get; } = [[5, 2], [6, 7, 2]];

    public static IReadOnlyList<TrainingExample> Examples(int count, int seed = 1)
    {
        var random = SeededRandom.For(seed, 0);
        return [.. Enumerable.Range(0, count).Select(i => Example(i % 2, random))];
    }

    /// <summary>One token, whatever the input holds: what a prompt can teach even a random model.</summary>
    public static IReadOnlyList<TrainingExample> ConstantExamples(int count, int seed = 1) =>
        [.. Examples(count, seed).Select(e => e with { Target = [5] })];

    /// <summary>AdamW without evaluation, 10 steps of 4 examples.</summary>
    public static TrainingPlan Plan(BaseModel? model = null) => new()
    {
        Model = model ??= TinyModel.Llama(),
        Initial = new PromptInitializer(model, VirtualTokens, seed: 3).RandomUniform(),
        Examples = Examples(10),
        Evaluation = new EvaluationSettings(5, Patience: null, Labels: []),
        Optimizer = new OptimizerSettings(OptimizerKind.AdamW, LearningRate: 0.1),
        Schedule = new ScheduleSettings(ScheduleKind.Constant),
        Steps = 10,
        BatchSize = 4,
        Seed = 11,
        CheckpointInterval = 1000,
    };

    public static TrainingPlan EvaluatedPlan() => Plan() with
    {
        EvaluationExamples = Examples(7, seed: 2),
        Evaluation = new EvaluationSettings(2, Patience: null, Labels),
        TextPrompt = [8, 9],
    };

    private static TrainingExample Example(int label, SeededRandom random)
    {
        int[] input = [.. Enumerable.Range(0, 2 + random.Next(5)).Select(_ => 10 + random.Next(25))];
        input[random.Next(input.Length)] = 36 + label;
        return new TrainingExample(input, Labels[label]);
    }
}
