using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Core.Training;

/// <summary>What a backend reports while it trains.</summary>
public abstract record TrainingEvent;

/// <param name="Step">From 1: the number of optimizer steps done.</param>
/// <param name="Epoch">Examples seen / examples in the data.</param>
/// <param name="Loss">Mean cross entropy per target token in nats, before this step's update.</param>
/// <param name="LearningRate">The one this step used.</param>
/// <param name="GradientNorm">Before clipping.</param>
/// <param name="TokensPerSecond">Input and target tokens of this step over its wall time.</param>
public sealed record StepDone(
    int Step, double Epoch, double Loss, double LearningRate, double GradientNorm, double TokensPerSecond) : TrainingEvent;

/// <param name="IsBest">Whether this is the best so far: by accuracy where there are labels, else by loss; loss breaks ties.</param>
public sealed record EvaluationDone(int Step, EvaluationResult Result, bool IsBest) : TrainingEvent;

/// <summary>The figures to beat: the same examples with no prompt and, where the plan has one, with the text prompt.</summary>
public sealed record BaselineDone(EvaluationResult NoPrompt, EvaluationResult? TextPrompt) : TrainingEvent;

public sealed record CheckpointTaken(TrainingState State) : TrainingEvent;

/// <param name="Loss">Mean cross entropy per target token in nats.</param>
/// <param name="ExactMatch">Share of examples whose whole target is what greedy decoding would give.</param>
/// <param name="Accuracy">Share of examples whose target has the highest summed log-probability of all labels; null without labels.</param>
public sealed record EvaluationResult(double Loss, double ExactMatch, double? Accuracy, int Examples)
{
    /// <summary>By accuracy where there are labels, else by loss; loss breaks ties.</summary>
    public bool IsBetterThan(EvaluationResult? other) =>
        other is null || (Accuracy ?? 0) > (other.Accuracy ?? 0) || (Accuracy == other.Accuracy && Loss < other.Loss);
}

/// <summary>All that a run needs to continue: the order of the data follows from the plan's seed and the step.</summary>
/// <param name="Optimizer">The optimizer's moments, by tensor and name.</param>
/// <param name="Best">What gave the best evaluation so far; null before the first.</param>
/// <param name="EvaluationsSinceBest">Counts towards early stopping.</param>
/// <param name="LastLoss">Training loss of <paramref name="Step"/>; 0 before the first.</param>
public sealed record TrainingState(
    int Step,
    TrainablePrompt Prompt,
    IReadOnlyDictionary<string, float[]> Optimizer,
    TrainablePrompt? Best,
    int BestStep,
    EvaluationResult? BestResult,
    int EvaluationsSinceBest,
    BaselineDone? Baseline,
    double LastLoss = 0);

/// <param name="Prompt">The best evaluated prompt, or the last one where nothing was evaluated.</param>
/// <param name="Trained">What <paramref name="Prompt"/> was made of.</param>
/// <param name="Step">The step that <paramref name="Prompt"/> comes from.</param>
/// <param name="FinalLoss">Training loss of the last step.</param>
/// <param name="PeakBytes">The most memory that a step was seen to need, weights included; 0 where it was not measured.</param>
public sealed record TrainedPrompt(
    ServedPrompt Prompt,
    TrainablePrompt Trained,
    int Step,
    int StepsDone,
    bool StoppedEarly,
    double FinalLoss,
    EvaluationResult? Evaluation,
    BaselineDone? Baseline,
    long PeakBytes = 0);
