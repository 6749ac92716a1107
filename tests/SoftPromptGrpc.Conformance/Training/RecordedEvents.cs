using SoftPromptGrpc.Core.Training;

namespace SoftPromptGrpc.Conformance.Training;

/// <summary>Keeps what a backend reports, in order.</summary>
/// <param name="onEvent">Runs on the training thread.</param>
public sealed class RecordedEvents(Action<TrainingEvent>? onEvent = null) : IProgress<TrainingEvent>
{
    private readonly List<TrainingEvent> _events = [];

    public IReadOnlyList<TrainingEvent> All => _events;

    public IReadOnlyList<StepDone> Steps => [.. _events.OfType<StepDone>()];

    public IReadOnlyList<EvaluationDone> Evaluations => [.. _events.OfType<EvaluationDone>()];

    public IReadOnlyList<TrainingState> Checkpoints => [.. _events.OfType<CheckpointTaken>().Select(e => e.State)];

    public void Report(TrainingEvent value)
    {
        _events.Add(value);
        onEvent?.Invoke(value);
    }
}
