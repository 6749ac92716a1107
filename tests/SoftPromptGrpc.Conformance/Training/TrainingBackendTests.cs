using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Training;

namespace SoftPromptGrpc.Conformance.Training;

/// <summary>What any training backend must do with any model. Derive from it, and from <see cref="TrainingEvaluationTests"/>.</summary>
public abstract class TrainingBackendTests
{
    protected static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    protected abstract ITrainingBackend CreateBackend();

    [Fact]
    public async Task TrainAsync_AnyPlan_LowersTheLoss()
    {
        var (trained, events) = await TrainAsync(TinyTask.Plan() with { Examples = TinyTask.ConstantExamples(10), Steps = 60 });

        Assert.Equal(Enumerable.Range(1, 60), events.Steps.Select(e => e.Step));
        Assert.True(events.Steps.TakeLast(3).Average(e => e.Loss) < 0.5 * events.Steps[0].Loss);
        Assert.Equal(events.Steps[^1].Loss, trained.FinalLoss);
        Assert.Equal((60, 60, false), (trained.Step, trained.StepsDone, trained.StoppedEarly));
        Assert.Null(trained.Evaluation);
        Assert.All(events.All.SkipLast(1), e => Assert.IsType<StepDone>(e));
        Assert.IsType<CheckpointTaken>(events.All[^1]);
    }

    [Theory]
    [InlineData(OptimizerKind.AdamW)]
    [InlineData(OptimizerKind.Adafactor)]
    [InlineData(OptimizerKind.Sgd)]
    public async Task TrainAsync_SamePlanTwice_SameBits(OptimizerKind optimizer)
    {
        var plan = TinyTask.Plan() with { Optimizer = new OptimizerSettings(optimizer, 0.1, WeightDecay: 0.01) };

        var (first, _) = await TrainAsync(plan);
        var (second, _) = await TrainAsync(plan);

        Assert.NotEqual(plan.Initial.ContentHash, first.Trained.ContentHash);
        Assert.Equal(first.Prompt.ContentHash, second.Prompt.ContentHash);
    }

    [Fact]
    public async Task TrainAsync_OtherSeed_OtherOrder()
    {
        var (first, _) = await TrainAsync(TinyTask.Plan());
        var (second, _) = await TrainAsync(TinyTask.Plan() with { Seed = 12 });

        Assert.NotEqual(first.Prompt.ContentHash, second.Prompt.ContentHash);
    }

    [Fact]
    public async Task TrainAsync_NoShuffle_SeedChangesNothing()
    {
        var (first, _) = await TrainAsync(TinyTask.Plan() with { Shuffle = false });
        var (second, _) = await TrainAsync(TinyTask.Plan() with { Shuffle = false, Seed = 12 });

        Assert.Equal(first.Prompt.ContentHash, second.Prompt.ContentHash);
    }

    // The examples differ in length, so padding must not show either.
    [Fact]
    public async Task TrainAsync_Batch_LossIsTheMeanOverItsTargetTokens()
    {
        var plan = Still(TinyTask.Plan()) with { Shuffle = false, Steps = 4 };

        var (_, alone) = await TrainAsync(plan with { BatchSize = 1 });
        var (_, together) = await TrainAsync(plan with { BatchSize = 4 });

        var targets = plan.Examples.Take(4).Select(e => e.Target.Length).ToArray();
        var mean = alone.Steps.Zip(targets, (step, count) => step.Loss * count).Sum() / targets.Sum();
        Assert.Equal(mean, together.Steps[0].Loss, 1e-5);
    }

    [Fact]
    public async Task TrainAsync_Accumulation_EqualsOneLargerBatch()
    {
        var plan = TinyTask.Plan() with { Shuffle = false, Examples = TinyTask.Examples(16) };

        var (large, largeEvents) = await TrainAsync(plan with { BatchSize = 8 });
        var (parts, partsEvents) = await TrainAsync(plan with { BatchSize = 2, GradientAccumulation = 4 });

        AssertClose(largeEvents.Steps.Select(e => e.Loss), partsEvents.Steps.Select(e => e.Loss), 1e-4);
        AssertClose(largeEvents.Steps.Select(e => e.GradientNorm), partsEvents.Steps.Select(e => e.GradientNorm), 1e-4);
        AssertClose(Values(large), Values(parts), 1e-3);
    }

    [Fact]
    public async Task TrainAsync_LastBatchOfAnEpoch_IsSmallerAndCounted()
    {
        var (_, events) = await TrainAsync(TinyTask.Plan() with { Steps = 5 });

        AssertClose([0.4, 0.8, 1, 1.4, 1.8], events.Steps.Select(e => e.Epoch), 1e-9);
    }

    [Fact]
    public async Task TrainAsync_ClippedGradient_MovesByTheLimit()
    {
        var plan = TinyTask.Plan() with
        {
            Optimizer = new OptimizerSettings(OptimizerKind.Sgd, LearningRate: 1, Momentum: 0),
            ClipNorm = 0.01,
            Steps = 1,
        };

        var (trained, events) = await TrainAsync(plan);

        var moved = Values(trained).Zip(plan.Initial.Tensors[0].Values, (after, before) => after - before);
        Assert.True(events.Steps[0].GradientNorm > 0.01);
        Assert.Equal(0.01, Math.Sqrt(moved.Sum(x => x * x)), 1e-5);
    }

    [Fact]
    public async Task TrainAsync_EmptyInput_TrainsOnThePromptAlone()
    {
        var plan = TinyTask.Plan() with { Examples = [new([], [5]), new([], [5]), new([9], [5, 2])], Steps = 60, BatchSize = 3 };

        var (_, events) = await TrainAsync(plan);

        Assert.True(events.Steps[^1].Loss < 0.5 * events.Steps[0].Loss);
    }

    [Theory]
    [InlineData(29, true)] // 3 virtual tokens, 29 of input, 1 of 2 of target: 33 positions of 32
    [InlineData(28, false)]
    public async Task TrainAsync_LongestSequence_MustFitTheContext(int inputLength, bool isRefused)
    {
        var plan = TinyTask.Plan(TinyModel.Gpt2()) with { Examples = [new(new int[inputLength], [5, 2])], Steps = 1 };

        var error = await Record.ExceptionAsync(() => TrainAsync(plan));

        Assert.Equal(isRefused ? ErrorKind.Invalid : null, (error as SoftPromptException)?.Kind);
        Assert.Equal(isRefused, error is not null);
    }

    [Theory]
    [InlineData(OptimizerKind.AdamW, 1)]
    [InlineData(OptimizerKind.AdamW, 7)]
    [InlineData(OptimizerKind.Adafactor, 4)]
    [InlineData(OptimizerKind.Sgd, 5)]
    public async Task TrainAsync_ResumedFromACheckpoint_SameBits(OptimizerKind optimizer, int step)
    {
        var plan = TinyTask.EvaluatedPlan() with
        {
            Optimizer = new OptimizerSettings(optimizer, 0.1, WeightDecay: 0.01),
            Schedule = new ScheduleSettings(ScheduleKind.Cosine, WarmUpSteps: 2),
            GradientAccumulation = 2,
            CheckpointInterval = 1,
            ClipNorm = 1,
        };
        var (whole, wholeEvents) = await TrainAsync(plan);

        var state = wholeEvents.Checkpoints.First(s => s.Step == step);
        var (resumed, resumedEvents) = await TrainAsync(plan, state);

        Assert.Equal(step + 1, resumedEvents.Steps[0].Step);
        Assert.Equal(Comparable(wholeEvents).SkipWhile(e => e is not StepDone done || done.Step <= step), Comparable(resumedEvents));
        Assert.Equal(wholeEvents.Checkpoints[^1].Prompt.ContentHash, resumedEvents.Checkpoints[^1].Prompt.ContentHash);
        Assert.Equal(whole.Prompt.ContentHash, resumed.Prompt.ContentHash);
        Assert.Equal(whole with { Prompt = resumed.Prompt, Trained = resumed.Trained, PeakBytes = resumed.PeakBytes }, resumed);
    }

    [Fact]
    public async Task TrainAsync_ResumedAtTheEnd_ReturnsWhatWasThere()
    {
        var plan = TinyTask.EvaluatedPlan() with { CheckpointInterval = 1 };
        var (whole, wholeEvents) = await TrainAsync(plan);

        var (resumed, resumedEvents) = await TrainAsync(plan, wholeEvents.Checkpoints[^1]);

        Assert.Empty(resumedEvents.All);
        Assert.Equal(whole with { Prompt = resumed.Prompt, Trained = resumed.Trained, PeakBytes = resumed.PeakBytes }, resumed);
        Assert.Equal(whole.Prompt.ContentHash, resumed.Prompt.ContentHash);
    }

    [Fact]
    public async Task TrainAsync_CheckpointInterval_IsKept()
    {
        var (_, events) = await TrainAsync(TinyTask.Plan() with { CheckpointInterval = 4 });

        Assert.Equal([4, 8, 10], events.Checkpoints.Select(state => state.Step));
    }

    [Fact]
    public async Task TrainAsync_CheckpointPeriodOver_TakesOneInBetween()
    {
        var (_, events) = await TrainAsync(TinyTask.Plan() with { Steps = 3, CheckpointPeriod = TimeSpan.Zero });

        Assert.Equal([1, 2, 3], events.Checkpoints.Select(state => state.Step));
    }

    [Fact]
    public async Task TrainAsync_Cancelled_StopsWithinAStep()
    {
        using var source = CancellationTokenSource.CreateLinkedTokenSource(CancellationToken);
        var events = new RecordedEvents(e =>
        {
            if (e is StepDone { Step: 3 })
                source.Cancel();
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => CreateBackend().TrainAsync(TinyTask.Plan(), null, events, source.Token));

        Assert.Equal(3, events.Steps[^1].Step);
        var (whole, _) = await TrainAsync(TinyTask.Plan());
        var (resumed, _) = await TrainAsync(TinyTask.Plan(), Assert.IsType<CheckpointTaken>(events.All[^1]).State);
        Assert.Equal(whole.Prompt.ContentHash, resumed.Prompt.ContentHash);
    }

    [Fact]
    public async Task TrainAsync_Diverging_FailsAndKeepsAFinitePrompt()
    {
        var plan = TinyTask.Plan(TinyModel.Gpt2()) with { Optimizer = new OptimizerSettings(OptimizerKind.Sgd, LearningRate: 1e30) };
        var events = new RecordedEvents();

        var error = await Assert.ThrowsAsync<SoftPromptException>(
            () => CreateBackend().TrainAsync(plan, null, events, CancellationToken));

        Assert.Equal(ErrorKind.Precondition, error.Kind);
        Assert.Matches(@"^The loss is not finite at step \d+ \(learning rate 1e\+30\)\.$", error.Message);
        Assert.IsType<CheckpointTaken>(events.All[^1]);
        var left = events.Checkpoints[^1];
        Assert.All(left.Prompt.Tensors.SelectMany(t => t.Values).Concat(left.Optimizer.Values.SelectMany(v => v)), value => Assert.True(float.IsFinite(value)));
        var (mended, _) = await TrainAsync(plan with { Optimizer = new OptimizerSettings(OptimizerKind.Sgd, LearningRate: 0.01) }, left);
        Assert.Equal(plan.Steps, mended.StepsDone);
    }

    [Fact]
    public async Task TrainAsync_AnyPlan_RunsOnAThreadOfItsOwn()
    {
        var threads = new HashSet<Thread>();
        var events = new RecordedEvents(_ =>
        {
            Assert.False(Thread.CurrentThread.IsThreadPoolThread);
            threads.Add(Thread.CurrentThread);
        });

        await CreateBackend().TrainAsync(TinyTask.Plan(), null, events, CancellationToken);

        var thread = Assert.Single(threads);
        Assert.NotSame(Thread.CurrentThread, thread);
    }

    protected async Task<(TrainedPrompt Trained, RecordedEvents Events)> TrainAsync(TrainingPlan plan, TrainingState? state = null)
    {
        var events = new RecordedEvents();
        var trained = await CreateBackend().TrainAsync(plan, state, events, CancellationToken);
        return (trained, events);
    }

    /// <summary>The same plan with a learning rate of 0.</summary>
    protected static TrainingPlan Still(TrainingPlan plan) => plan with { Optimizer = new OptimizerSettings(OptimizerKind.Sgd, 0) };

    protected static void AssertClose(IEnumerable<double> expected, IEnumerable<double> actual, double tolerance)
    {
        Assert.Equal(expected.Count(), actual.Count());
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, tolerance));
    }

    private static IEnumerable<double> Values(TrainedPrompt trained) => trained.Prompt.Values.ToArray().Select(value => (double)value);

    /// <summary>Without what a clock decides, and without checkpoints, whose prompts are compared by hash.</summary>
    private static IEnumerable<TrainingEvent> Comparable(RecordedEvents events) =>
        events.All.Where(e => e is not CheckpointTaken).Select(e => e is StepDone done ? done with { TokensPerSecond = 0 } : e);
}
