using System.Numerics.Tensors;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using SoftPromptGrpc.Backends.OnnxRuntime;
using SoftPromptGrpc.Benchmarks.Measuring;
using SoftPromptGrpc.Cli.Demo;
using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.ModelFormats;

namespace SoftPromptGrpc.Benchmarks.Quality;

/// <summary>Each precision on the same texts: a task's text prompt, then a test example's input, then its target.</summary>
internal static class QualityRun
{
    public static async Task RunAsync(DirectoryInfo directory, CancellationToken cancellationToken)
    {
        var model = ModelLoader.Load(directory.Name, directory.FullName);
        var tokenizer = model.Tokenizer ?? throw new InvalidOperationException("The checkpoint has no tokenizer.");
        var task = DemoTask.Read(directory, null);
        Example[] examples =
        [
            .. task.Test.Examples.Select(example => new Example(
                tokenizer.Encode(task.TextPrompt + example.Input.Text, addSpecialTokens: true), tokenizer.Encode(example.Target.Text, false)[0])),
        ];
        int[] labels = [.. task.Labels.Select(label => tokenizer.Encode(label, false)[0])];
        var table = new MarkdownTable("weights", "keys and values", "perplexity", "labels that are right", "as in float32", "most probable token as in float32");
        Answers? reference = null;
        (ServingPrecision Weights, CacheType Cache)[] precisions =
            [(ServingPrecision.Full, CacheType.Full), (ServingPrecision.EightBit, CacheType.Full), (ServingPrecision.Full, CacheType.Half)];
        foreach (var (precision, cache) in precisions)
        {
            var answers = await AnswerAsync(model with { ServingPrecision = precision }, cache, examples, labels, cancellationToken);
            reference ??= answers;
            var right = answers.Labels.Zip(examples).Count(pair => pair.First == pair.Second.Target);
            table.Add(
                precision, cache, answers.Perplexity, Percent(right, examples.Length), Percent(Same(answers.Labels, reference.Labels), examples.Length),
                Percent(Same(answers.Tokens, reference.Tokens), answers.Tokens.Count));
        }
        table.Write(Console.Out);
    }

    private static int Same(IReadOnlyList<int> left, IReadOnlyList<int> right) => left.Zip(right).Count(pair => pair.First == pair.Second);

    private static string Percent(int count, int all) => FormattableString.Invariant($"{100.0 * count / all:0.0} %");

    private static async Task<Answers> AnswerAsync(
        BaseModel model, CacheType cache, Example[] examples, int[] labels, CancellationToken cancellationToken)
    {
        var options = new OnnxOptions
        {
            CacheDirectory = Path.Combine(Path.GetTempPath(), "softprompt-benchmarks", "exports"),
            CacheType = cache,
        };
        var backend = new OnnxInferenceBackend(Options.Create(options), TimeProvider.System, NullLogger<OnnxInferenceBackend>.Instance);
        using var session = await backend.OpenAsync(model, cancellationToken);
        var (loss, chosen, tokens) = (0.0, new List<int>(), new List<int>());
        foreach (var example in examples)
        {
            using var sequence = session.Open(null, example.Tokens.Length);
            var logits = session.Run([new SequenceStep(sequence, example.Tokens, example.Tokens.Length)]);
            for (var i = 0; i < example.Tokens.Length; i++)
            {
                var row = logits.Row(0, i);
                tokens.Add(TensorPrimitives.IndexOfMax(row));
                loss += Loss(row, i + 1 < example.Tokens.Length ? example.Tokens[i + 1] : example.Target);
            }
            var last = logits.Row(0, example.Tokens.Length - 1);
            var best = labels[0];
            foreach (var label in labels)
                best = last[label] > last[best] ? label : best;
            chosen.Add(best);
        }
        return new(Math.Exp(loss / tokens.Count), chosen, tokens);
    }

    private static double Loss(ReadOnlySpan<float> logits, int token)
    {
        var (most, sum) = (TensorPrimitives.Max(logits), 0.0);
        foreach (var logit in logits)
            sum += Math.Exp(logit - most);
        return Math.Log(sum) + most - logits[token];
    }

    /// <param name="Target">The label's first token.</param>
    private sealed record Example(int[] Tokens, int Target);

    private sealed record Answers(double Perplexity, IReadOnlyList<int> Labels, IReadOnlyList<int> Tokens);
}
