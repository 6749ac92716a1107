using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Training;

/// <summary>What is known of a job from the events seen so far.</summary>
internal sealed class TrainingProgress
{
    private readonly List<double> _losses = [];
    private readonly List<Evaluation> _evaluations = [];

    public string Job { get; private set; } = "";

    public string Prompt { get; private set; } = "";

    public long Sequence { get; private set; }

    public int TotalSteps { get; private set; }

    public TrainingStep? Step { get; private set; }

    public Baseline? Baseline { get; private set; }

    /// <summary>The last event; null while the job goes on.</summary>
    public TrainingEvent? End { get; private set; }

    public IReadOnlyList<double> Losses => _losses;

    public IReadOnlyList<Evaluation> Evaluations => _evaluations;

    public void Add(TrainingEvent trainingEvent)
    {
        (Job, Sequence) = (trainingEvent.Job, trainingEvent.Sequence);
        switch (trainingEvent.KindCase)
        {
            case TrainingEvent.KindOneofCase.Accepted:
                Prompt = trainingEvent.Accepted.Job.Spec.Prompt;
                break;
            case TrainingEvent.KindOneofCase.Started:
                TotalSteps = trainingEvent.Started.TotalSteps;
                break;
            case TrainingEvent.KindOneofCase.Baseline:
                Baseline = trainingEvent.Baseline;
                break;
            case TrainingEvent.KindOneofCase.Step:
                Step = trainingEvent.Step;
                TotalSteps = trainingEvent.Step.TotalSteps;
                _losses.Add(trainingEvent.Step.Loss);
                break;
            case TrainingEvent.KindOneofCase.Evaluation:
                _evaluations.Add(trainingEvent.Evaluation);
                break;
            case TrainingEvent.KindOneofCase.Result:
            case TrainingEvent.KindOneofCase.Failure:
            case TrainingEvent.KindOneofCase.Cancelled:
                End = trainingEvent;
                break;
            case TrainingEvent.KindOneofCase.DatasetReport:
            case TrainingEvent.KindOneofCase.Checkpoint:
            case TrainingEvent.KindOneofCase.None:
                break;
        }
    }
}
