using SoftPromptGrpc.Core.Training;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch.Training;

/// <summary>Measures a prefix on the held-out examples.</summary>
internal sealed class Evaluator(TrainingPlan plan, Decoder decoder, CancellationToken cancellationToken)
{
    private readonly LabelChoice? _labels = plan.Evaluation.Labels.Count > 0 ? new(plan.Evaluation.Labels) : null;

    /// <summary>The figures to beat.</summary>
    public BaselineDone Baseline() => new(Evaluate(Embed(NoPrompt())), plan.TextPrompt is { } text ? Evaluate(Embed(text)) : null);

    /// <param name="prefix">[rows, hidden size]. Disposed.</param>
    public EvaluationResult Evaluate(Tensor prefix)
    {
        using var mode = no_grad();
        using var owned = prefix;
        var (loss, targets, exact, accurate) = (0.0, 0L, 0, 0);
        foreach (var examples in plan.EvaluationExamples.Chunk(plan.BatchSize))
        {
            var result = TeacherForced(examples, prefix);
            (loss, targets, exact) = (loss + result.Loss, targets + examples.Sum(e => e.Target.Length), exact + result.Exact);
            accurate += _labels is null ? 0 : Chosen(_labels, examples, prefix);
        }
        var count = plan.EvaluationExamples.Count;
        return new EvaluationResult(loss / targets, (double)exact / count, _labels is null ? null : (double)accurate / count, count);
    }

    private (double Loss, int Exact) TeacherForced(TrainingExample[] examples, Tensor prefix)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var scope = NewDisposeScope();
        var batch = Batch.Of(examples, (int)prefix.shape[0], decoder.Device);
        var logits = decoder.TargetLogits(prefix, batch);
        var loss = nn.functional.cross_entropy(logits, batch.Targets, reduction: nn.Reduction.Sum).item<float>();
        var hits = logits.argmax(-1).eq(batch.Targets).cpu().data<bool>().ToArray();
        var (exact, first) = (0, 0);
        foreach (var example in examples)
        {
            exact += hits.AsSpan(first, example.Target.Length).Contains(false) ? 0 : 1;
            first += example.Target.Length;
        }
        return (loss, exact);
    }

    private int Chosen(LabelChoice labels, TrainingExample[] examples, Tensor prefix)
    {
        var perPass = Math.Max(1, plan.BatchSize / labels.Passes);
        return examples.Chunk(perPass).Sum(part => ChosenInOnePass(labels, part, prefix));
    }

    private int ChosenInOnePass(LabelChoice labels, TrainingExample[] examples, Tensor prefix)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var scope = NewDisposeScope();
        var batch = Batch.Of([.. examples.SelectMany(e => labels.Sequences(e.Input))], (int)prefix.shape[0], decoder.Device);
        var logProbabilities = nn.functional.log_softmax(decoder.TargetLogits(prefix, batch), -1);
        var rows = logProbabilities.shape[0] / examples.Length;
        return examples.Index().Count(e => labels.Choose(logProbabilities.narrow(0, e.Index * rows, rows)).SequenceEqual(e.Item.Target));
    }

    private Tensor Embed(int[] ids)
    {
        using var scope = NewDisposeScope();
        return decoder.Embed(tensor(ids, int64).to(decoder.Device)).DetachFromDisposeScope();
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
