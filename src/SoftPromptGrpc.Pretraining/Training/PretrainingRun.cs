using System.Diagnostics;
using SoftPromptGrpc.Backends.Torch;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Pretraining.Corpus;
using TorchSharp;

namespace SoftPromptGrpc.Pretraining.Training;

/// <summary>One run from the corpus to trained weights, with checkpoints that a later call continues from.</summary>
internal sealed class PretrainingRun(CorpusGenerator corpus, ITokenizer tokenizer, PretrainingSettings settings, TextWriter log)
{
    /// <summary>What the corpus' yes-or-no questions and exercises are answered with.</summary>
    public static readonly IReadOnlyList<string> AnswerWords = ["yes", "no", "positive", "negative"];

    private const int ReportInterval = 20;

    /// <param name="checkpoint">Written now and then, and read first if it is there; null: none.</param>
    /// <returns>Trained weights, the caller's to dispose.</returns>
    public DecoderWeights Run(DecoderSpec spec, string? checkpoint)
    {
        torch.set_num_threads(1);
        var tokens = PackedTokens.Of(
            corpus.Documents(Split.Training).Select(d => d.Text),
            text => tokenizer.Encode(text, addSpecialTokens: false),
            settings.Steps * settings.TokensPerStep,
            settings.FreshRowAt);
        var weights = DecoderWeights.Random(spec, settings.Seed, torch.CPU);
        using var loop = new PretrainingLoop(weights, settings, tokens, AnswerTokens());
        if (checkpoint is not null && File.Exists(checkpoint))
            Restore(loop, checkpoint);
        log.WriteLine($"{weights.Named.Sum(w => w.Tensor.NumberOfElements)} parameters, steps {loop.Step + 1} to {settings.Steps}");
        var watch = Stopwatch.StartNew();
        var sum = 0.0;
        while (loop.Step < settings.Steps)
        {
            var step = loop.Advance();
            sum += step.Loss;
            if (step.Step % ReportInterval == 0)
            {
                Report(step, sum / ReportInterval, watch.Elapsed);
                watch.Restart();
                sum = 0;
            }
            if (checkpoint is not null && step.Step % settings.CheckpointInterval == 0)
                Save(loop, checkpoint);
        }
        return weights;
    }

    /// <summary>Those of a word at a line's start and after a space.</summary>
    private int[] AnswerTokens() =>
        [.. AnswerWords.SelectMany(word => new[] { word, " " + word }).Select(text => tokenizer.Encode(text, addSpecialTokens: false)).Where(ids => ids.Length == 1).Select(ids => ids[0])];

    private void Report(PretrainingStep step, double loss, TimeSpan elapsed) => log.WriteLine(FormattableString.Invariant(
        $"step {step.Step} loss {loss:F4} norm {step.GradientNorm:F2} rate {step.LearningRate:G3} tokens/s {ReportInterval * settings.TokensPerStep / elapsed.TotalSeconds:F0}"));

    private static void Save(PretrainingLoop loop, string path)
    {
        var unfinished = path + ".new";
        using (var writer = new BinaryWriter(File.Create(unfinished)))
            loop.Save(writer);
        File.Move(unfinished, path, overwrite: true);
    }

    private static void Restore(PretrainingLoop loop, string path)
    {
        using var reader = new BinaryReader(File.OpenRead(path));
        loop.Restore(reader);
    }
}
