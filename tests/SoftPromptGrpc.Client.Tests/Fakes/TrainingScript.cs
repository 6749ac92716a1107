using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Client.Tests.Fakes;

/// <summary>The events of a short job.</summary>
public static class TrainingScript
{
    public const int Steps = 4;

    /// <summary>Sequence 1: accepted; 2: report; 3: started; 4: baseline; 5 to 8: steps; 9: evaluation; 10: result.</summary>
    public static IReadOnlyList<TrainingEvent> Succeeds() => Number(
    [
        .. Beginning(),
        new TrainingEvent { Evaluation = new Evaluation { Step = Steps, Metrics = Metrics(1), IsBest = true } },
        new TrainingEvent { Result = new TrainingResult { Prompt = "p@1", StepsDone = Steps, BestStep = Steps, Metrics = Metrics(1) } },
    ]);

    public static IReadOnlyList<TrainingEvent> Fails() => Number(
    [
        .. Beginning(),
        new TrainingEvent { Failure = new TrainingFailure { Code = 9, Message = "The loss is not finite at step 4.", Step = 3 } },
    ]);

    public static IReadOnlyList<TrainingEvent> IsCancelled() => Number(
        [.. Beginning(), new TrainingEvent { Cancelled = new JobCancelled { Step = 3 } }]);

    private static IEnumerable<TrainingEvent> Beginning() =>
    [
        new TrainingEvent
        {
            Accepted = new JobAccepted { Job = new TrainingJob { Id = FakeTrainingService.JobId, Spec = new TrainingSpec { Prompt = "p" } } },
        },
        new TrainingEvent
        {
            DatasetReport = new DatasetReport { ExampleCount = 18, EvaluationExampleCount = 2, Warnings = { "1 input is empty" } },
        },
        new TrainingEvent { Started = new JobStarted { TotalSteps = Steps, Backend = "torch" } },
        new TrainingEvent { Baseline = new Baseline { NoPrompt = Metrics(0.5) } },
        .. Enumerable.Range(1, Steps).Select(step => new TrainingEvent
        {
            Step = new TrainingStep { Step = step, TotalSteps = Steps, Loss = 2.0 / step, LearningRate = 0.3, Epoch = step },
        }),
    ];

    private static Metrics Metrics(double accuracy) => new() { Accuracy = accuracy, ExactMatch = accuracy, Loss = 1 - accuracy };

    private static List<TrainingEvent> Number(IEnumerable<TrainingEvent> events) =>
        [.. events.Select((item, index) => new TrainingEvent(item) { Job = FakeTrainingService.JobId, Sequence = index + 1 })];
}
