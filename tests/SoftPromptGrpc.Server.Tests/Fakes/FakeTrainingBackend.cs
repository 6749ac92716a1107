using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Core.Training;

namespace SoftPromptGrpc.Server.Tests.Fakes;

/// <summary>
/// "Trains" by adding one to every number of the prompt in each step. Reports as a real backend does, and waits in front of a step
/// while it is held there.
/// </summary>
internal sealed class FakeTrainingBackend : ITrainingBackend
{
    public const string DefaultName = "fake";

    private readonly Lock _lock = new();
    private TaskCompletionSource _change = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _hold = int.MaxValue;

    public string Name => DefaultName;

    /// <summary>Called in front of every step; may throw.</summary>
    public Action<int> BeforeStep { get; set; } = _ => { };

    /// <summary>The plans that were begun, with the state that they continued from.</summary>
    public List<(TrainingPlan Plan, TrainingState? From)> Begun { get; } = [];

    public bool Supports(ModelSpec spec) => true;

    public long EstimatePeakBytes(BaseModel model, BatchShape batch) => model.ParameterCount + batch.Rows + batch.Positions + batch.Targets;

    /// <summary>Whether a run that is cancelled leaves its state behind. Without it, it ends as by a crash.</summary>
    public bool LeavesCheckpoint { get; set; } = true;

    /// <summary>From now on no run goes beyond this step.</summary>
    public void HoldBefore(int step) => SetHold(step);

    public void Release() => SetHold(int.MaxValue);

    public async Task<TrainedPrompt> TrainAsync(
        TrainingPlan plan, TrainingState? state, IProgress<TrainingEvent> progress, CancellationToken cancellationToken)
    {
        Begun.Add((plan, state));
        state ??= new TrainingState(0, plan.Initial, new Dictionary<string, float[]>(), null, 0, null, 0, null);
        if (plan.EvaluationExamples.Count > 0 && state.Baseline is null)
            progress.Report(Remember(ref state, new BaselineDone(Result(100, plan), null)));
        while (state.Step < plan.Steps)
        {
            await WaitAsync(state, progress, cancellationToken);
            BeforeStep(state.Step + 1);
            state = Step(state);
            progress.Report(new StepDone(state.Step, (double)state.Step / plan.Steps, Loss(state.Step), 0.3, 1, 1000));
            if (plan.EvaluationExamples.Count > 0 && (state.Step % plan.Evaluation.Interval == 0 || state.Step == plan.Steps))
            {
                var result = Result(state.Step, plan);
                state = state with { Best = state.Prompt, BestStep = state.Step, BestResult = result };
                progress.Report(new EvaluationDone(state.Step, result, IsBest: true));
            }
            if (state.Step % plan.CheckpointInterval == 0 || state.Step == plan.Steps)
                progress.Report(new CheckpointTaken(state));
        }
        var trained = state.Best ?? state.Prompt;
        return new TrainedPrompt(
            Served(trained, plan), trained, state.Step, state.Step, false, Loss(state.Step), state.BestResult, state.Baseline);
    }

    public static double Loss(int step) => 10.0 / step;

    private static BaselineDone Remember(ref TrainingState state, BaselineDone baseline)
    {
        state = state with { Baseline = baseline };
        return baseline;
    }

    private static TrainingState Step(TrainingState state)
    {
        var prompt = state.Prompt;
        return state with
        {
            Step = state.Step + 1,
            Prompt = new TrainablePrompt(
                prompt.VirtualTokens, prompt.Tensors.Select(t => t with { Values = [.. t.Values.Select(v => v + 1)] }), prompt.ModelFingerprint),
            Optimizer = new Dictionary<string, float[]> { ["m"] = [state.Step + 1] },
            LastLoss = Loss(state.Step + 1),
        };
    }

    private static ServedPrompt Served(TrainablePrompt trained, TrainingPlan plan)
    {
        float[] values = [.. trained.Tensors[0].Values];
        return plan.Method.Kind.MakesPrefix()
            ? PrefixLayout.FromRows(values, trained.VirtualTokens, plan.Model.Spec, trained.ModelFingerprint)
            : new SoftPrompt(trained.VirtualTokens, plan.Model.Spec.HiddenSize, values, trained.ModelFingerprint);
    }

    private static EvaluationResult Result(int step, TrainingPlan plan) =>
        new(Loss(step), 0.5, plan.Evaluation.Labels.Count > 0 ? 1 - (1.0 / (step + 1)) : null, plan.EvaluationExamples.Count);

    private async Task WaitAsync(TrainingState state, IProgress<TrainingEvent> progress, CancellationToken cancellationToken)
    {
        try
        {
            await WaitAsync(state.Step + 1, cancellationToken);
        }
        catch (OperationCanceledException) when (LeavesCheckpoint && state.Step > 0)
        {
            progress.Report(new CheckpointTaken(state));
            throw;
        }
    }

    private async Task WaitAsync(int step, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task change;
            lock (_lock)
            {
                if (step < _hold)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    return;
                }
                change = _change.Task;
            }
            await change.WaitAsync(cancellationToken);
        }
    }

    private void SetHold(int step)
    {
        lock (_lock)
        {
            _hold = step;
            _change.SetResult();
            _change = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
