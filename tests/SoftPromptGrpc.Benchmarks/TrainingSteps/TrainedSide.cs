using System.Diagnostics;
using SoftPromptGrpc.Backends.Torch;
using SoftPromptGrpc.Backends.Torch.Training;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Core.Training.Methods;
using SoftPromptGrpc.Plain;

namespace SoftPromptGrpc.Benchmarks.TrainingSteps;

/// <summary>One of the two ways to train, over weights that somebody else owns.</summary>
internal sealed class TrainedSide(TrainCase @case, IPromptedModel model)
{
    private readonly TrainingPlan _plan = new()
    {
        Model = @case.Model,
        Initial = new PromptInitializer(@case.Model, @case.VirtualTokens, seed: 1).RandomUniform(),
        Examples = @case.Examples,
        Evaluation = new EvaluationSettings(1, Patience: null, []),
        Optimizer = new OptimizerSettings(OptimizerKind.AdamW, LearningRate: 1e-3),
        Schedule = new ScheduleSettings(ScheduleKind.Constant),
        Steps = @case.Steps,
        BatchSize = TrainCase.BatchSize,
        Shuffle = false,
        Seed = 1,
        CheckpointInterval = int.MaxValue,
    };

    public static TrainedSide Plain(TrainCase @case, DecoderWeights weights) => new(@case, new PlainDecoder(weights, @case.Width));

    public static TrainedSide Packed(TrainCase @case, DecoderWeights weights) => new(@case, new PromptedDecoder(weights));

    /// <summary>Examples per second over all steps of the case.</summary>
    public double Speed()
    {
        var start = Stopwatch.GetTimestamp();
        Run();
        return _plan.Examples.Count / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    public void Run() => new TrainingRun(_plan, null, model, new Progress(), new TorchOptions().TokensPerPass, CancellationToken.None).Run();

    /// <summary>Of the first batch.</summary>
    public PromptGradients Gradients() =>
        PromptGradients.Of(model, new PromptTuning(), _plan.Initial, [.. _plan.Examples.Take(TrainCase.BatchSize)]);

    private sealed class Progress : IProgress<TrainingEvent>
    {
        public void Report(TrainingEvent value)
        {
        }
    }
}
