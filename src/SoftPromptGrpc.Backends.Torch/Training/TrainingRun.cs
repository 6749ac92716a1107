using System.Diagnostics;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Core.Training;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch.Training;

/// <summary>
/// Prompt tuning (Lester et al. 2021): one run of a plan, from its beginning or from a checkpoint, on the calling thread. What a
/// step does follows from the plan, the prompt, the moments and the step's number alone, so a resumed run ends in the same bits.
/// </summary>
internal sealed class TrainingRun
{
    private readonly TrainingPlan _plan;
    private readonly Decoder _decoder;
    private readonly IProgress<TrainingEvent> _progress;
    private readonly CancellationToken _cancellationToken;
    private readonly BatchOrder _order;
    private readonly Evaluator _evaluator;
    private readonly Moments _moments;
    private readonly IPromptOptimizer _optimizer;
    private readonly float[] _prompt;
    private readonly Gradient _gradient;
    private TrainingState _state;

    public TrainingRun(
        TrainingPlan plan, TrainingState? state, Decoder decoder, IProgress<TrainingEvent> progress, CancellationToken cancellationToken)
    {
        (_plan, _decoder, _progress, _cancellationToken) = (plan, decoder, progress, cancellationToken);
        _state = state ?? new TrainingState(0, plan.Initial, new Dictionary<string, float[]>(), null, 0, null, 0, null);
        _order = new BatchOrder(plan);
        _evaluator = new Evaluator(plan, decoder, cancellationToken);
        _moments = new Moments(state?.Optimizer);
        _optimizer = PromptOptimizer.Create(plan.Optimizer, plan.Initial.VirtualTokens, plan.Initial.HiddenSize, _moments);
        _prompt = _state.Prompt.Values.ToArray();
        _gradient = new Gradient(_prompt.Length);
    }

    public TrainedPrompt Run()
    {
        if (_plan.EvaluationExamples.Count > 0 && _state.Baseline is null)
            ReportBaseline();
        while (_state.Step < _plan.Steps && !IsExhausted)
        {
            TakeStep();
            var isBest = IsEvaluationDue && Evaluate();
            if (isBest || _state.Step % _plan.CheckpointInterval == 0)
                ReportCheckpoint();
        }
        return new TrainedPrompt(
            _state.Best ?? Snapshot(), _state.Best is null ? _state.Step : _state.BestStep, _state.Step,
            _state.Step < _plan.Steps, _state.LastLoss, _state.BestResult, _state.Baseline);
    }

    private bool IsExhausted => _state.EvaluationsSinceBest >= (_plan.Evaluation.Patience ?? int.MaxValue);

    private bool IsEvaluationDue =>
        _plan.EvaluationExamples.Count > 0 && (_state.Step % _plan.Evaluation.Interval == 0 || _state.Step == _plan.Steps);

    private double LearningRate(int step) =>
        _plan.Optimizer.LearningRate * Schedule.Factor(_plan.Schedule, step, _plan.Steps);

    private void ReportBaseline()
    {
        _state = _state with { Baseline = _evaluator.Baseline() };
        _progress.Report(_state.Baseline);
    }

    private void TakeStep()
    {
        var started = Stopwatch.GetTimestamp();
        var step = _state.Step + 1;
        var rate = LearningRate(step);
        var (loss, tokens) = ComputeGradient(step);
        var norm = _gradient.Norm;
        if (!double.IsFinite(loss) || !double.IsFinite(norm))
            throw Diverged(step);
        if (_plan.ClipNorm is { } maximum)
            _gradient.Clip(norm, maximum);
        _optimizer.Update(_prompt, _gradient.Values, step, rate);
        _state = _state with { Step = step, LastLoss = loss };
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        _progress.Report(new StepDone(step, _order.Epochs((long)step * _plan.GradientAccumulation), loss, rate, norm, tokens / seconds));
    }

    /// <summary>Mean loss over all target tokens of the step, and its gradient; the number of input and target tokens.</summary>
    private (double Loss, int Tokens) ComputeGradient(int step)
    {
        var first = (long)(step - 1) * _plan.GradientAccumulation;
        var batches = Enumerable.Range(0, _plan.GradientAccumulation).Select(i => _order.Examples(first + i)).ToArray();
        var targets = batches.Sum(batch => batch.Sum(e => e.Target.Length));
        _gradient.Clear();
        var loss = batches.Sum(batch => AddGradient(batch, targets));
        return (loss, targets + batches.Sum(batch => batch.Sum(e => e.Input.Length)));
    }

    /// <summary>One batch's share of the mean over <paramref name="targets"/> tokens.</summary>
    private double AddGradient(IReadOnlyList<TrainingExample> examples, int targets)
    {
        _cancellationToken.ThrowIfCancellationRequested();
        using var scope = NewDisposeScope();
        var prompt = Prompt().requires_grad_();
        var batch = Batch.Of(examples, (int)prompt.shape[0], _decoder.Device);
        var logits = _decoder.TargetLogits(prompt, batch);
        var loss = nn.functional.cross_entropy(logits, batch.Targets, reduction: nn.Reduction.Sum) / targets;
        var gradient = autograd.grad([loss], [prompt])[0].cpu();
        _gradient.Add(gradient.data<float>().ToArray());
        return loss.item<float>();
    }

    /// <summary>Whether this is the best result so far.</summary>
    private bool Evaluate()
    {
        var result = _evaluator.Evaluate(Prompt());
        if (!double.IsFinite(result.Loss))
            throw Diverged(_state.Step);
        var isBest = result.IsBetterThan(_state.BestResult);
        _state = isBest
            ? _state with { Best = Snapshot(), BestStep = _state.Step, BestResult = result, EvaluationsSinceBest = 0 }
            : _state with { EvaluationsSinceBest = _state.EvaluationsSinceBest + 1 };
        _progress.Report(new EvaluationDone(_state.Step, result, isBest));
        return isBest;
    }

    private void ReportCheckpoint() =>
        _progress.Report(new CheckpointTaken(_state with { Prompt = Snapshot(), Optimizer = _moments.Snapshot() }));

    private SoftPromptException Diverged(int step)
    {
        var last = _prompt.All(float.IsFinite) ? Snapshot() : _state.Best ?? _plan.Initial;
        _progress.Report(new CheckpointTaken(_state with { Prompt = last, Optimizer = _moments.Snapshot() }));
        return new SoftPromptException(
            ErrorKind.Precondition,
            FormattableString.Invariant($"The loss is not finite at step {step} (learning rate {LearningRate(step):g6})."));
    }

    private SoftPrompt Snapshot() => new(
        _plan.Initial.VirtualTokens, _plan.Initial.HiddenSize, (float[])_prompt.Clone(), _plan.Initial.ModelFingerprint);

    /// <summary>[virtual tokens, hidden size] on the decoder's device.</summary>
    private Tensor Prompt()
    {
        using var scope = NewDisposeScope();
        return tensor(_prompt).view(_plan.Initial.VirtualTokens, _plan.Initial.HiddenSize).to(_decoder.Device).MoveToOuterDisposeScope();
    }
}
