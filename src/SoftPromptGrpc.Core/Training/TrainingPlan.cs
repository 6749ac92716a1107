using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Training.Methods;

namespace SoftPromptGrpc.Core.Training;

/// <summary>One example as token ids. The loss is taken on the target alone.</summary>
/// <param name="Input">What the soft prompt is put in front of; may be empty.</param>
/// <param name="Target">At least one id.</param>
/// <param name="Task">Which of a multitask prompt's tasks it belongs to.</param>
public sealed record TrainingExample(int[] Input, int[] Target, int Task = 0);

public enum OptimizerKind
{
    /// <summary>Loshchilov and Hutter 2019, as torch.optim.AdamW.</summary>
    AdamW,

    /// <summary>Shazeer and Stern 2018, as transformers' Adafactor with relative_step and scale_parameter off.</summary>
    Adafactor,

    /// <summary>With momentum, as torch.optim.SGD.</summary>
    Sgd,
}

/// <param name="LearningRate">The peak, reached after the warm-up.</param>
/// <param name="WeightDecay">Decoupled in AdamW and Adafactor; added to the gradient in SGD.</param>
/// <param name="Momentum">SGD only.</param>
public sealed record OptimizerSettings(
    OptimizerKind Kind,
    double LearningRate,
    double WeightDecay = 0,
    double Beta1 = 0.9,
    double Beta2 = 0.999,
    double Epsilon = 1e-8,
    double Momentum = 0.9);

public enum ScheduleKind { Constant, Linear, Cosine }

/// <summary>The learning rate's factor over the steps, as transformers' schedules of the same names.</summary>
/// <param name="WarmUpSteps">Steps over which the factor rises linearly from 0.</param>
public sealed record ScheduleSettings(ScheduleKind Kind, int WarmUpSteps = 0);

/// <param name="Interval">Optimizer steps between evaluations; there is always one at the end.</param>
/// <param name="Patience">Evaluations without improvement after which training stops; null: never.</param>
/// <param name="Labels">
/// The targets to choose from, as token ids, for <see cref="EvaluationResult.Accuracy"/>; empty where the task has no fixed labels.
/// </param>
public sealed record EvaluationSettings(int Interval, int? Patience, IReadOnlyList<int[]> Labels);

/// <summary>Everything that decides the outcome of a run. The same plan on the same machine ends in the same bits.</summary>
public sealed record TrainingPlan
{
    public required BaseModel Model { get; init; }

    public TrainingMethod Method { get; init; } = new PromptTuning();

    /// <summary>What is trained, before step 0. Fits the method.</summary>
    public required TrainablePrompt Initial { get; init; }

    /// <summary>
    /// For methods that train a prefix without a projection: training begins with the keys and values that the model computes for these
    /// tokens, repeated or cut to the number of virtual tokens, in place of <see cref="Initial"/>. Null: not.
    /// </summary>
    public int[]? InitialText { get; init; }

    public required IReadOnlyList<TrainingExample> Examples { get; init; }

    /// <summary>Held out; empty: no evaluation.</summary>
    public IReadOnlyList<TrainingExample> EvaluationExamples { get; init; } = [];

    public required EvaluationSettings Evaluation { get; init; }

    /// <summary>
    /// The tokens of a plain text prompt to compare with, in front of every input; null where none is given.
    /// </summary>
    public int[]? TextPrompt { get; init; }

    public required OptimizerSettings Optimizer { get; init; }

    public required ScheduleSettings Schedule { get; init; }

    /// <summary>Optimizer steps in all.</summary>
    public required int Steps { get; init; }

    /// <summary>Examples per forward and backward pass. The last batch of an epoch may be smaller.</summary>
    public required int BatchSize { get; init; }

    /// <summary>Batches per optimizer step. The step's gradient is that of the mean loss over all their target tokens.</summary>
    public int GradientAccumulation { get; init; } = 1;

    /// <summary>The largest gradient norm; null: no clipping.</summary>
    public double? ClipNorm { get; init; }

    /// <summary>A new order in every epoch, from the seed and the epoch's number; otherwise the given order.</summary>
    public bool Shuffle { get; init; } = true;

    public required long Seed { get; init; }

    /// <summary>Optimizer steps between <see cref="CheckpointTaken"/> events.</summary>
    public required int CheckpointInterval { get; init; }

    /// <summary>After a step that ends this long after the last checkpoint, there is another one; null: steps alone decide.</summary>
    public TimeSpan? CheckpointPeriod { get; init; }

    /// <summary>
    /// The most positions that a pass of this run takes: soft or text prompt, input, and target or label without its last token,
    /// which is never fed. At most the model's context length. An encoder-decoder's input and output are two sequences.
    /// </summary>
    public int LongestSequence()
    {
        if (Model.Spec is EncoderDecoderSpec)
            return Math.Max(LongestInput(), LongestOutput());
        var label = Evaluation.Labels.Select(l => l.Length).DefaultIfEmpty(0).Max();
        var trained = Examples.Select(e => Initial.VirtualTokens + e.Input.Length + e.Target.Length);
        var prefix = Math.Max(Initial.VirtualTokens, TextPrompt?.Length ?? 0);
        var evaluated = EvaluationExamples.Select(e => prefix + e.Input.Length + Math.Max(e.Target.Length, label));
        return trained.Concat(evaluated).DefaultIfEmpty(0).Max() - 1;
    }

    /// <summary>The largest batch that this run can come to: the longest example, as often as the batch has rows.</summary>
    public BatchShape LargestBatch()
    {
        var rows = Math.Min(BatchSize, Examples.Count);
        var positions = Examples.Select(e => Initial.VirtualTokens + e.Input.Length + e.Target.Length - 1).DefaultIfEmpty(0).Max();
        var shared = Model.Spec is DecoderSpec ? Initial.VirtualTokens : 0;
        return new BatchShape(rows, positions, rows * Examples.Select(e => e.Target.Length).DefaultIfEmpty(0).Max(), shared);
    }

    private int LongestInput()
    {
        var prefix = EvaluationExamples.Count > 0 ? Math.Max(Initial.VirtualTokens, TextPrompt?.Length ?? 0) : Initial.VirtualTokens;
        return prefix + Examples.Concat(EvaluationExamples).Select(e => e.Input.Length).DefaultIfEmpty(0).Max();
    }

    private int LongestOutput() =>
        Examples.Concat(EvaluationExamples).Select(e => e.Target.Length).Concat(Evaluation.Labels.Select(l => l.Length)).DefaultIfEmpty(0).Max();
}
