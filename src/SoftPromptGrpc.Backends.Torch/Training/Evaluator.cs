using SoftPromptGrpc.Core.Training;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch.Training;

/// <summary>Measures what stands in front on the held-out examples.</summary>
/// <param name="tokensPerPass">As <see cref="TorchOptions.TokensPerPass"/>.</param>
internal sealed class Evaluator(TrainingPlan plan, IPromptedModel model, int tokensPerPass, CancellationToken cancellationToken)
{
    private readonly LabelChoice? _labels = plan.Evaluation.Labels.Count > 0 ? new(plan.Evaluation.Labels) : null;

    /// <summary>The figures to beat.</summary>
    public BaselineDone Baseline() => new(Evaluate(NoPrompt()), plan.TextPrompt is { } text ? Evaluate(text) : null);

    /// <summary>To be called without gradients.</summary>
    public EvaluationResult Evaluate(Preamble preamble)
    {
        var (loss, targets, exact, accurate) = (0.0, 0L, 0, 0);
        foreach (var examples in plan.EvaluationExamples.Chunk(plan.BatchSize).SelectMany(batch => Passes.Of(batch, tokensPerPass)))
        {
            var result = TeacherForced(examples, preamble);
            (loss, targets, exact) = (loss + result.Loss, targets + examples.Sum(e => e.Target.Length), exact + result.Exact);
            accurate += _labels is null ? 0 : Chosen(_labels, examples, preamble);
        }
        var count = plan.EvaluationExamples.Count;
        return new EvaluationResult(loss / targets, (double)exact / count, _labels is null ? null : (double)accurate / count, count);
    }

    private (double Loss, int Exact) TeacherForced(IReadOnlyList<TrainingExample> examples, Preamble preamble)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var scope = NewDisposeScope();
        var (logits, expected) = model.Predict(preamble, examples);
        var loss = nn.functional.cross_entropy(logits, expected, reduction: nn.Reduction.Sum).item<float>();
        var hits = logits.argmax(-1).eq(expected).cpu().data<bool>().ToArray();
        var (exact, first) = (0, 0);
        foreach (var example in examples)
        {
            exact += hits.AsSpan(first, example.Target.Length).Contains(false) ? 0 : 1;
            first += example.Target.Length;
        }
        return (loss, exact);
    }

    private int Chosen(LabelChoice labels, IReadOnlyList<TrainingExample> examples, Preamble preamble)
    {
        var perPass = Math.Max(1, plan.BatchSize / labels.Passes);
        return examples.Chunk(perPass).Sum(part => ChosenInOnePass(labels, part, preamble));
    }

    private int ChosenInOnePass(LabelChoice labels, TrainingExample[] examples, Preamble preamble)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var scope = NewDisposeScope();
        var (logits, _) = model.Predict(preamble, [.. examples.SelectMany(e => labels.Sequences(e))]);
        var logProbabilities = nn.functional.log_softmax(logits, -1);
        var rows = logProbabilities.shape[0] / examples.Length;
        return examples.Index().Count(e => labels.Choose(logProbabilities.narrow(0, e.Index * rows, rows)).SequenceEqual(e.Item.Target));
    }

    private EvaluationResult Evaluate(int[] text)
    {
        using var mode = no_grad();
        using var scope = NewDisposeScope();
        return Evaluate(new RowPreamble(model.Embed(tensor(text, int64).to(model.Device))));
    }

    /// <summary>Nothing, unless an input is empty: something must predict its first target.</summary>
    private int[] NoPrompt()
    {
        if (plan.EvaluationExamples.All(e => e.Input.Length > 0))
            return [];
        var generation = plan.Model.Generation;
        return [generation.BeginningOfSequence ?? (generation.EndOfSequence is [var end, ..] ? end : 0)];
    }
}
