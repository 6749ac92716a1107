using System.Diagnostics;
using SoftPromptGrpc.Backends.Torch.Training.Methods;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Core.Training.Methods;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch.Training;

/// <summary>
/// One run of a plan, from its beginning or from a checkpoint, on the calling thread. What a step does follows from the plan, the
/// tensors, the moments and the step's number alone, so a resumed run ends in the same bits.
/// </summary>
internal sealed class TrainingRun
{
    private readonly TrainingPlan _plan;
    private readonly IPromptedModel _model;
    private readonly IProgress<TrainingEvent> _progress;
    private readonly CancellationToken _cancellationToken;
    private readonly BatchOrder _order;
    private readonly Evaluator _evaluator;
    private readonly Moments _moments;
    private readonly TrainedTensors _tensors;
    private readonly WaywardPenalty? _penalty;
    private readonly int _tokensPerPass;
    private TrainingState _state;

    /// <summary>The last one that was reported, or what the run began with.</summary>
    private TrainingState _checkpoint;

    /// <summary>The last of them from which a step was taken: it can be gone on from.</summary>
    private TrainingState _proven;
    private long _checkpointTime = Stopwatch.GetTimestamp();

    /// <param name="tokensPerPass">As <see cref="TorchOptions.TokensPerPass"/>.</param>
    public TrainingRun(
        TrainingPlan plan, TrainingState? state, IPromptedModel model, IProgress<TrainingEvent> progress, int tokensPerPass,
        CancellationToken cancellationToken)
    {
        _tokensPerPass = tokensPerPass;
        (_plan, _model, _progress, _cancellationToken) = (plan, model, progress, cancellationToken);
        _state = state ?? new TrainingState(0, plan.Initial, new Dictionary<string, float[]>(), null, 0, null, 0, null);
        _order = new BatchOrder(plan);
        _evaluator = new Evaluator(plan, model, tokensPerPass, cancellationToken);
        _moments = new Moments(state?.Optimizer);
        _tensors = new TrainedTensors(plan, _state.Prompt, _moments);
        _checkpoint = _proven = state ?? _state with { Optimizer = _moments.Snapshot() };
        _penalty = plan.Method is PromptTuning { Waywardness: { } waywardness } ? new WaywardPenalty(waywardness, model) : null;
    }

    public TrainedPrompt Run()
    {
        if (_plan.EvaluationExamples.Count > 0 && _state.Baseline is null)
            ReportBaseline();
        while (_state.Step < _plan.Steps && !IsExhausted)
        {
            TakeStepOrLeaveCheckpoint();
            var isBest = IsEvaluationDue && Evaluate();
            if (isBest || IsCheckpointDue)
                ReportCheckpoint();
        }
        if (_state.Best is null && !_tensors.AreFinite)
            throw Diverged(_state.Step);
        ReportCheckpoint();
        var trained = _state.Best ?? _tensors.Snapshot();
        return new TrainedPrompt(
            ServedPrompts.Of(_plan, trained, _model), trained, _state.Best is null ? _state.Step : _state.BestStep, _state.Step,
            _state.Step < _plan.Steps, _state.LastLoss, _state.BestResult, _state.Baseline);
    }

    private bool IsExhausted => _state.EvaluationsSinceBest >= (_plan.Evaluation.Patience ?? int.MaxValue);

    private bool IsEvaluationDue =>
        _plan.EvaluationExamples.Count > 0 && (_state.Step % _plan.Evaluation.Interval == 0 || _state.Step == _plan.Steps);

    private bool IsCheckpointDue => _state.Step % _plan.CheckpointInterval == 0
        || Stopwatch.GetElapsedTime(_checkpointTime) >= (_plan.CheckpointPeriod ?? TimeSpan.MaxValue);

    private double LearningRate(int step) =>
        _plan.Optimizer.LearningRate * Schedule.Factor(_plan.Schedule, step, _plan.Steps);

    private void ReportBaseline()
    {
        _state = _state with { Baseline = _evaluator.Baseline() };
        _progress.Report(_state.Baseline);
    }

    /// <summary>Cancelled in front of its update, a step has changed nothing yet.</summary>
    private void TakeStepOrLeaveCheckpoint()
    {
        try
        {
            TakeStep();
        }
        catch (OperationCanceledException)
        {
            ReportCheckpoint();
            throw;
        }
    }

    private void TakeStep()
    {
        var started = Stopwatch.GetTimestamp();
        var step = _state.Step + 1;
        var rate = LearningRate(step);
        var (loss, tokens) = ComputeGradient(step);
        var norm = _tensors.GradientNorm;
        if (!double.IsFinite(loss) || !double.IsFinite(norm))
            throw Diverged(step);
        _proven = _checkpoint.Step == _state.Step ? _checkpoint : _proven;
        if (_plan.ClipNorm is { } maximum)
            _tensors.ClipGradient(norm, maximum);
        _tensors.Update(step, rate);
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
        _tensors.ClearGradient();
        var passes = batches.SelectMany(batch => Passes.Of(batch, _tokensPerPass));
        var loss = passes.Index().Sum(pass => AddGradient(pass.Item, targets, isFirst: pass.Index == 0));
        return (loss, targets + batches.Sum(batch => batch.Sum(e => e.Input.Length)));
    }

    /// <summary>One pass's share of the mean over <paramref name="targets"/> tokens.</summary>
    private double AddGradient(IReadOnlyList<TrainingExample> examples, int targets, bool isFirst)
    {
        _cancellationToken.ThrowIfCancellationRequested();
        using var scope = NewDisposeScope();
        var tensors = _tensors.ToDevice(_model.Device);
        var preamble = PromptNetwork.Forward(_plan.Method, _model.Spec, tensors);
        var (logits, expected) = _model.Predict(preamble, examples);
        var loss = nn.functional.cross_entropy(logits, expected, reduction: nn.Reduction.Sum) / targets;
        _tensors.AddGradient(isFirst && _penalty is not null ? loss + _penalty.Of(preamble) : loss, tensors);
        return loss.item<float>();
    }

    /// <summary>Whether this is the best result so far.</summary>
    private bool Evaluate()
    {
        var result = Measure();
        if (!double.IsFinite(result.Loss))
            throw Diverged(_state.Step);
        var isBest = result.IsBetterThan(_state.BestResult);
        _state = isBest
            ? _state with { Best = _tensors.Snapshot(), BestStep = _state.Step, BestResult = result, EvaluationsSinceBest = 0 }
            : _state with { EvaluationsSinceBest = _state.EvaluationsSinceBest + 1 };
        _progress.Report(new EvaluationDone(_state.Step, result, isBest));
        return isBest;
    }

    private EvaluationResult Measure()
    {
        using var mode = no_grad();
        using var scope = NewDisposeScope();
        return _evaluator.Evaluate(PromptNetwork.Forward(_plan.Method, _model.Spec, _tensors.ToDevice(_model.Device)));
    }

    /// <summary>Unless there is one of this step.</summary>
    private void ReportCheckpoint()
    {
        if (_checkpoint.Step == _state.Step)
            return;
        _checkpoint = _state with { Prompt = _tensors.Snapshot(), Optimizer = _moments.Snapshot() };
        _progress.Report(new CheckpointTaken(_checkpoint));
        _checkpointTime = Stopwatch.GetTimestamp();
    }

    private SoftPromptException Diverged(int step)
    {
        _progress.Report(new CheckpointTaken(_proven));
        return new SoftPromptException(
            ErrorKind.Precondition,
            FormattableString.Invariant($"The loss is not finite at step {step} (learning rate {LearningRate(step):g6})."));
    }
}
