using SoftPromptGrpc.Core.Training;

namespace SoftPromptGrpc.Conformance.Training;

/// <summary>How a training backend measures, picks and stops.</summary>
public abstract class TrainingEvaluationTests
{
    protected abstract ITrainingBackend CreateBackend();

    [Fact]
    public async Task TrainAsync_EvaluationExamples_BaselineFirstThenEveryInterval()
    {
        var (trained, events) = await TrainAsync(TinyTask.EvaluatedPlan() with { Steps = 5 });

        var baseline = Assert.IsType<BaselineDone>(events.All[0]);
        Assert.NotNull(baseline.TextPrompt);
        Assert.Equal(7, baseline.NoPrompt.Examples);
        Assert.NotEqual(baseline.NoPrompt.Loss, baseline.TextPrompt.Loss);
        Assert.Single(events.All.OfType<BaselineDone>());
        Assert.Equal([2, 4, 5], events.Evaluations.Select(e => e.Step));
        Assert.Equal(baseline, trained.Baseline);
    }

    [Fact]
    public async Task TrainAsync_NoTextPrompt_BaselineWithoutOne()
    {
        var (trained, _) = await TrainAsync(TinyTask.EvaluatedPlan() with { TextPrompt = null, Steps = 1 });

        Assert.NotNull(trained.Baseline);
        Assert.Null(trained.Baseline.TextPrompt);
    }

    // A prompt that is the embeddings of a text is that text.
    [Fact]
    public async Task TrainAsync_PromptMadeOfATextsEmbeddings_MeasuresAsTheText()
    {
        var plan = TinyTask.EvaluatedPlan();
        var prompt = new PromptInitializer(plan.Model, 2, seed: 0).FromText(plan.TextPrompt!);

        var (trained, _) = await TrainAsync(Still(plan) with { Initial = prompt, Steps = 1 });

        Assert.Equal(trained.Baseline!.TextPrompt!.Loss, trained.Evaluation!.Loss, 1e-5);
        Assert.Equal(trained.Baseline.TextPrompt.Accuracy, trained.Evaluation.Accuracy);
        Assert.Equal(trained.Baseline.TextPrompt.ExactMatch, trained.Evaluation.ExactMatch);
    }

    [Fact]
    public async Task TrainAsync_SameExamplesHeldOut_SameLossAsTheStep()
    {
        var plan = Still(TinyTask.EvaluatedPlan());

        var (trained, events) = await TrainAsync(plan with { EvaluationExamples = plan.Examples, BatchSize = 10, Steps = 1 });

        Assert.Equal(events.Steps[0].Loss, trained.Evaluation!.Loss, 1e-5);
    }

    [Fact]
    public async Task TrainAsync_BatchSize_ChangesNoMeasurement()
    {
        var plan = Still(TinyTask.EvaluatedPlan()) with { Steps = 1 };

        var (one, _) = await TrainAsync(plan with { BatchSize = 1 });
        var (five, _) = await TrainAsync(plan with { BatchSize = 5 });

        Assert.Equal(one.Evaluation!.Loss, five.Evaluation!.Loss, 1e-5);
        Assert.Equal(one.Evaluation.Accuracy, five.Evaluation.Accuracy);
        Assert.Equal(one.Evaluation.ExactMatch, five.Evaluation.ExactMatch);
    }

    // The same input is held out with the target that was learned and with the other one.
    [Fact]
    public async Task TrainAsync_OneTargetLearned_AccuracyAndExactMatchAreOneHalf()
    {
        int[] input = [12, 31, 17];
        var plan = TinyTask.EvaluatedPlan() with
        {
            Examples = [new(input, TinyTask.Labels[0])],
            EvaluationExamples = [.. TinyTask.Labels.Select(label => new TrainingExample(input, label))],
            Evaluation = new EvaluationSettings(100, Patience: null, TinyTask.Labels),
            Steps = 100,
        };

        var (trained, _) = await TrainAsync(plan);

        Assert.Equal(0, trained.Baseline!.NoPrompt.ExactMatch);
        Assert.Equal(0.5, trained.Evaluation!.Accuracy);
        Assert.Equal(0.5, trained.Evaluation.ExactMatch);
    }

    [Fact]
    public async Task TrainAsync_NoLabels_NoAccuracy()
    {
        var plan = TinyTask.EvaluatedPlan();

        var (trained, _) = await TrainAsync(plan with { Evaluation = plan.Evaluation with { Labels = [] } });

        Assert.Null(trained.Evaluation!.Accuracy);
    }

    [Fact]
    public async Task TrainAsync_EmptyInputsHeldOut_AreMeasured()
    {
        var plan = TinyTask.EvaluatedPlan() with { EvaluationExamples = [new([], [5, 2]), new([9], [6, 7, 2])], Steps = 1 };

        var (trained, _) = await TrainAsync(plan);

        Assert.True(double.IsFinite(trained.Baseline!.NoPrompt.Loss));
        Assert.True(double.IsFinite(trained.Evaluation!.Loss));
    }

    [Fact]
    public async Task TrainAsync_WorseLater_ReturnsTheBest()
    {
        var plan = TinyTask.EvaluatedPlan() with
        {
            Examples = TinyTask.ConstantExamples(10),
            Evaluation = new EvaluationSettings(1, Patience: null, Labels: []),
            Steps = 30,
        };

        var (trained, events) = await TrainAsync(plan);

        var best = events.Evaluations.MinBy(e => e.Result.Loss)!;
        Assert.True(best.Step < 30, "The task must get worse, or this test shows nothing.");
        Assert.True(best.IsBest);
        Assert.Equal((best.Step, best.Result), (trained.Step, trained.Evaluation));
        Assert.Equal(events.Checkpoints.Single(s => s.Step == best.Step).Prompt.ContentHash, trained.Trained.ContentHash);
    }

    [Fact]
    public async Task TrainAsync_NoImprovement_StopsAfterThePatience()
    {
        var plan = Still(TinyTask.EvaluatedPlan());

        var (trained, events) = await TrainAsync(plan with { Evaluation = plan.Evaluation with { Patience = 2 }, Steps = 50 });

        Assert.Equal([true, false, false], events.Evaluations.Select(e => e.IsBest));
        Assert.Equal((2, 6, true), (trained.Step, trained.StepsDone, trained.StoppedEarly));
    }

    [Fact]
    public async Task TrainAsync_ExhaustedAtTheLastStep_DidNotStopEarly()
    {
        var plan = Still(TinyTask.EvaluatedPlan());

        var (trained, _) = await TrainAsync(plan with { Evaluation = plan.Evaluation with { Patience = 2 }, Steps = 6 });

        Assert.Equal((6, false), (trained.StepsDone, trained.StoppedEarly));
    }

    private async Task<(TrainedPrompt Trained, RecordedEvents Events)> TrainAsync(TrainingPlan plan)
    {
        var events = new RecordedEvents();
        var trained = await CreateBackend().TrainAsync(plan, null, events, TestContext.Current.CancellationToken);
        return (trained, events);
    }

    private static TrainingPlan Still(TrainingPlan plan) => plan with { Optimizer = new OptimizerSettings(OptimizerKind.Sgd, 0) };
}
