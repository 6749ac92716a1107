using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using SoftPromptGrpc.Backends.Torch;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Pretraining.Tokenizer;

namespace SoftPromptGrpc.Pretraining.Tasks;

/// <param name="TextPrompt">What the soft prompt is compared with.</param>
internal sealed record PromptTuningSettings(
    int Steps, int BatchSize, int VirtualTokens, double LearningRate, string TextPrompt, long Seed);

/// <summary>Trains a soft prompt on the bundled task as the server would.</summary>
internal static class PromptTuning
{
    public const string DefaultTextPrompt = "Does the writer recommend it?\n";

    /// <param name="evaluation">Examples that decide nothing: they are measured at the end.</param>
    public static async Task<TrainedPrompt> RunAsync(
        BaseModel model, IReadOnlyList<LabelledExample> train, IReadOnlyList<LabelledExample> evaluation, PromptTuningSettings settings, TextWriter log, CancellationToken cancellationToken)
    {
        var plan = new TrainingPlan
        {
            Model = model,
            Initial = new PromptInitializer(model, settings.VirtualTokens, settings.Seed).SampledVocabulary(BpeVocabulary.IsSpecial),
            Examples = Tokenize(model, train),
            EvaluationExamples = Tokenize(model, evaluation),
            Evaluation = new EvaluationSettings(settings.Steps, Patience: null, [.. train.Select(e => e.Target).Distinct().Select(l => Target(model, l))]),
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

    private static int[] Target(BaseModel model, string text) => [.. Encode(model, text), BpeVocabulary.EndOfText];

    private static IReadOnlyList<TrainingExample> Tokenize(BaseModel model, IReadOnlyList<LabelledExample> examples) =>
        [.. examples.Select(e => new TrainingExample(Encode(model, e.Input), Target(model, e.Target)))];

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
