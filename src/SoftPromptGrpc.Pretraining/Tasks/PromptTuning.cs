using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using SoftPromptGrpc.Backends.Torch;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Core.Training;

namespace SoftPromptGrpc.Pretraining.Tasks;

internal sealed record PromptTuningSettings(
    int Steps, int BatchSize, int VirtualTokens, double LearningRate, string TextPrompt, long Seed);

/// <summary>Trains a soft prompt on the bundled task as a user would, and measures it on the test file once, at the end.</summary>
internal static class PromptTuning
{
    public const string DefaultTextPrompt = "Is the review positive or negative?\n";

    public static async Task<TrainedPrompt> RunAsync(
        BaseModel model, IReadOnlyList<LabelledExample> train, IReadOnlyList<LabelledExample> test, PromptTuningSettings settings, TextWriter log, CancellationToken cancellationToken)
    {
        var plan = new TrainingPlan
        {
            Model = model,
            Initial = SampleVocabulary(model, settings),
            Examples = Tokenize(model, train),
            EvaluationExamples = Tokenize(model, test),
            Evaluation = new EvaluationSettings(settings.Steps, Patience: null, [.. train.Select(e => e.Target).Distinct().Select(l => Encode(model, l))]),
            TextPrompt = Encode(model, settings.TextPrompt),
            Optimizer = new OptimizerSettings(OptimizerKind.AdamW, settings.LearningRate),
            Schedule = new ScheduleSettings(ScheduleKind.Linear, WarmUpSteps: settings.Steps / 20),
            Steps = settings.Steps,
            BatchSize = settings.BatchSize,
            ClipNorm = 1,
            Seed = settings.Seed,
            CheckpointInterval = settings.Steps,
        };
        var backend = new TorchTrainingBackend(Options.Create(new TorchOptions()), NullLogger<TorchTrainingBackend>.Instance);
        var watch = Stopwatch.StartNew();
        var trained = await backend.TrainAsync(plan, state: null, new StepLog(log), cancellationToken);
        log.WriteLine(FormattableString.Invariant($"{settings.Steps} steps and evaluation in {watch.Elapsed.TotalSeconds:F0} s"));
        return trained;
    }

    private static int[] Encode(BaseModel model, string text) => model.Tokenizer!.Encode(text, addSpecialTokens: false);

    private static IReadOnlyList<TrainingExample> Tokenize(BaseModel model, IReadOnlyList<LabelledExample> examples) =>
        [.. examples.Select(e => new TrainingExample(Encode(model, e.Input), Encode(model, e.Target)))];

    /// <summary>Embeddings of tokens drawn at random from the whole vocabulary.</summary>
    private static SoftPrompt SampleVocabulary(BaseModel model, PromptTuningSettings settings)
    {
        var random = SeededRandom.For(settings.Seed, 0);
        var width = model.Spec.HiddenSize;
        var values = new float[settings.VirtualTokens * width];
        for (var row = 0; row < settings.VirtualTokens; row++)
            model.Weights.ReadRow(DecoderTensors.TokenEmbedding, random.Next(model.Spec.VocabularySize), values.AsSpan(row * width, width));
        return new SoftPrompt(settings.VirtualTokens, width, values, model.Fingerprint);
    }

    private sealed class StepLog(TextWriter log) : IProgress<TrainingEvent>
    {
        private const int Interval = 20;

        public void Report(TrainingEvent value)
        {
            if (value is StepDone { Step: var step } done && step % Interval == 0)
                log.WriteLine(FormattableString.Invariant($"step {step} loss {done.Loss:F4}"));
        }
    }
}
