using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Jobs.Planning;

/// <summary>The defaults that training.proto documents. What a job stores is what it runs by, whatever a later version's defaults are.</summary>
internal static class SpecDefaults
{
    private const int Steps = 300;
    private const int LeastEpochs = 3;
    private const int LeastExamplesToSplit = 20;

    /// <summary>A copy without the examples, with every default that depends on neither model nor data.</summary>
    public static Wire.TrainingSpec Fill(Wire.TrainingSpec requested, JobOptions options)
    {
        var spec = requested.Clone();
        if (spec.DataCase == Wire.TrainingSpec.DataOneofCase.Examples)
            spec.ClearData();
        spec.Evaluation ??= new();
        spec.Evaluation.Examples = null;
        spec.Method = spec.Method == Wire.PromptMethod.Unspecified ? Wire.PromptMethod.PromptTuning : spec.Method;
        spec.VirtualTokens = spec.HasVirtualTokens ? spec.VirtualTokens : 20;
        FillMethod(spec);
        spec.Initialization ??= new();
        if (string.IsNullOrEmpty(spec.Template?.Pattern))
            spec.Template = new() { Pattern = TextTemplate.Placeholder };
        spec.BatchSize = spec.HasBatchSize ? spec.BatchSize : 16;
        spec.GradientAccumulationSteps = spec.HasGradientAccumulationSteps ? spec.GradientAccumulationSteps : 1;
        spec.MaxGradientNorm = spec.HasMaxGradientNorm ? spec.MaxGradientNorm : 1;
        spec.Seed = spec.HasSeed ? spec.Seed : 0;
        spec.Shuffle = !spec.HasShuffle || spec.Shuffle;
        spec.Backend = spec.Backend.Length > 0 ? spec.Backend : options.Backend;
        spec.CheckpointInterval = spec.HasCheckpointInterval ? spec.CheckpointInterval : options.CheckpointInterval;
        FillOptimizer(spec.Optimizer ??= new(), spec.Method);
        spec.Schedule ??= new();
        spec.Schedule.Kind = spec.Schedule.Kind == Wire.ScheduleKind.Unspecified ? Wire.ScheduleKind.Linear : spec.Schedule.Kind;
        return spec;
    }

    public static void FillFromModel(Wire.TrainingSpec spec, BaseModel model)
    {
        if (spec.Initialization.KindCase == Wire.Initialization.KindOneofCase.None)
        {
            spec.Initialization = MethodRules.CanBeginWithText(spec, model.Spec)
                ? new() { SampledVocabulary = new() }
                : new() { RandomUniform = new() };
        }
        spec.Model = model.Id;
        spec.AppendEndOfSequence = spec.HasAppendEndOfSequence ? spec.AppendEndOfSequence : EndOfSequence(model) is not null;
        if (spec.PTuning is { HasEncoderHiddenSize: false })
            spec.PTuning.EncoderHiddenSize = model.Spec.HiddenSize;
        if (spec.PrefixTuning is { Projection: true, HasEncoderHiddenSize: false })
            spec.PrefixTuning.EncoderHiddenSize = model.Spec.HiddenSize;
    }

    /// <summary>The tokenizer's own, or else the first that ends a generation.</summary>
    public static int? EndOfSequence(BaseModel model) =>
        model.Tokenizer?.EndOfSequence ?? (model.Generation.EndOfSequence is [var first, ..] ? first : null);

    /// <param name="examples">Before any are held out.</param>
    /// <param name="separateEvaluation">Whether the request brought evaluation examples of its own.</param>
    public static void FillSplit(Wire.TrainingSpec spec, int examples, bool separateEvaluation)
    {
        var share = separateEvaluation || examples < LeastExamplesToSplit ? 0 : 0.1;
        spec.Evaluation.SplitRatio = spec.Evaluation.HasSplitRatio && !separateEvaluation ? spec.Evaluation.SplitRatio : share;
    }

    /// <param name="trainingExamples">What is left after the split.</param>
    public static void FillLength(Wire.TrainingSpec spec, int trainingExamples)
    {
        if (spec.DurationCase == Wire.TrainingSpec.DurationOneofCase.None)
            spec.Epochs = DefaultEpochs(spec, trainingExamples);
        var steps = StepsOf(spec, trainingExamples);
        if (!spec.Schedule.HasWarmUpSteps)
            spec.Schedule.WarmUpSteps = (int)Math.Round(Math.Min(steps, int.MaxValue) * 0.06);
        if (!spec.Evaluation.HasInterval)
            spec.Evaluation.Interval = (int)Math.Clamp(steps / 10, 1, int.MaxValue);
    }

    /// <summary>Optimizer steps in all.</summary>
    public static long StepsOf(Wire.TrainingSpec spec, int trainingExamples) =>
        spec.DurationCase == Wire.TrainingSpec.DurationOneofCase.Steps ? spec.Steps : StepsOf(spec, spec.Epochs, trainingExamples);

    /// <summary>The fewest that make enough steps.</summary>
    private static int DefaultEpochs(Wire.TrainingSpec spec, int trainingExamples)
    {
        var fewest = ((Steps - 1L) * spec.GradientAccumulationSteps / BatchesPerEpoch(spec, trainingExamples)) + 1;
        return (int)Math.Clamp(fewest, LeastEpochs, SpecRules.MostEpochs);
    }

    /// <summary>A step may take its batches from two epochs.</summary>
    private static long StepsOf(Wire.TrainingSpec spec, long epochs, int trainingExamples)
    {
        var batches = epochs * BatchesPerEpoch(spec, trainingExamples);
        return (batches + spec.GradientAccumulationSteps - 1) / spec.GradientAccumulationSteps;
    }

    private static long BatchesPerEpoch(Wire.TrainingSpec spec, int trainingExamples) =>
        (trainingExamples + spec.BatchSize - 1L) / spec.BatchSize;

    private static void FillMethod(Wire.TrainingSpec spec)
    {
        if (spec.MethodOptionsCase == Wire.TrainingSpec.MethodOptionsOneofCase.None)
            AddOptions(spec);
        if (spec.PTuning is { } encoded)
        {
            encoded.Encoder = encoded.Encoder == Wire.PromptEncoder.Unspecified ? Wire.PromptEncoder.Mlp : encoded.Encoder;
            encoded.EncoderLayers = encoded.HasEncoderLayers ? encoded.EncoderLayers : 2;
        }
        if (spec.Multitask is { HasRank: false })
            spec.Multitask.Rank = 1;
        if (spec.Cartridge is { HasFrozenTokens: false })
            spec.Cartridge.FrozenTokens = Math.Min(1, spec.VirtualTokens - 1);
    }

    private static void AddOptions(Wire.TrainingSpec spec)
    {
        switch (spec.Method)
        {
            case Wire.PromptMethod.PTuning:
                spec.PTuning = new();
                break;
            case Wire.PromptMethod.PrefixTuning:
                spec.PrefixTuning = new();
                break;
            case Wire.PromptMethod.MultitaskPromptTuning:
                spec.Multitask = new() { TaskCount = 1 };
                break;
            case Wire.PromptMethod.Cartridge:
                spec.Cartridge = new();
                break;
        }
    }

    private static void FillOptimizer(Wire.Optimizer optimizer, Wire.PromptMethod method)
    {
        optimizer.Kind = optimizer.Kind == Wire.OptimizerKind.Unspecified ? Wire.OptimizerKind.Adamw : optimizer.Kind;
        var isDirect = method is Wire.PromptMethod.PromptTuning or Wire.PromptMethod.MultitaskPromptTuning;
        var rate = optimizer.Kind == Wire.OptimizerKind.Sgd ? 1 : isDirect ? 0.3 : 0.01;
        optimizer.LearningRate = optimizer.HasLearningRate ? optimizer.LearningRate : rate;
        optimizer.WeightDecay = optimizer.HasWeightDecay ? optimizer.WeightDecay : 0;
        optimizer.Beta1 = optimizer.HasBeta1 ? optimizer.Beta1 : 0.9;
        optimizer.Beta2 = optimizer.HasBeta2 ? optimizer.Beta2 : 0.999;
        optimizer.Epsilon = optimizer.HasEpsilon ? optimizer.Epsilon : 1e-8;
        optimizer.Momentum = optimizer.HasMomentum ? optimizer.Momentum : 0.9;
    }
}
