using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Training;

/// <summary>A job as lines for a log: every event but steps and checkpoints, and about twenty steps.</summary>
internal sealed class PlainProgress
{
    private const int StepsShown = 20;

    private int _shown = -1;

    public IEnumerable<string> Describe(TrainingEvent trainingEvent) => trainingEvent.KindCase switch
    {
        TrainingEvent.KindOneofCase.Checkpoint => [],
        TrainingEvent.KindOneofCase.Step when !IsDue(trainingEvent.Step) => [],
        _ => TrainingWords.Describe(trainingEvent),
    };

    private bool IsDue(TrainingStep step)
    {
        var part = step.TotalSteps > 0 ? (int)((long)step.Step * StepsShown / step.TotalSteps) : step.Step;
        var due = part != _shown;
        _shown = part;
        return due;
    }
}
