using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Core.Training.Methods;

namespace SoftPromptGrpc.Conformance.Training;

/// <summary>What a training backend must do with each method.</summary>
public abstract class TrainingMethodTests
{
    protected abstract ITrainingBackend CreateBackend();

    [Theory]
    [MemberData(nameof(TinyMethods.All), MemberType = typeof(TinyMethods))]
    public async Task TrainAsync_AnyMethod_LowersTheLossAndServesWhatItEvaluated(string method)
    {
        var plan = TinyTask.EvaluatedPlan() with
        {
            Examples = TinyTask.ConstantExamples(10),
            EvaluationExamples = TinyTask.ConstantExamples(6, seed: 2),
            Steps = 60,
            Evaluation = new EvaluationSettings(60, Patience: null, Labels: []),
        };

        var (trained, events) = await TrainAsync(plan.With(method));

        Assert.True(events.Steps.TakeLast(3).Average(e => e.Loss) < 0.8 * events.Steps[0].Loss);
        Assert.Equal(TinyMethods.Of(method).Kind.MakesPrefix(), trained.Prompt is KeyValuePrefix);
        Assert.Null(trained.Prompt.MisfitWith(plan.Model.Spec));
        Assert.Equal(trained.Trained.ContentHash, events.Checkpoints[^1].Prompt.ContentHash);
        if (method != "multitask")
            Assert.Equal(trained.Evaluation!.Loss, await LossOfServedAsync(plan, trained.Prompt), 1e-5);
    }

    [Theory]
    [MemberData(nameof(TinyMethods.All), MemberType = typeof(TinyMethods))]
    public async Task TrainAsync_AnyMethodResumed_SameBits(string method)
    {
        var plan = (TinyTask.EvaluatedPlan() with { CheckpointInterval = 1, GradientAccumulation = 2, ClipNorm = 1 }).With(method);
        var (whole, wholeEvents) = await TrainAsync(plan);

        var (resumed, resumedEvents) = await TrainAsync(plan, wholeEvents.Checkpoints.First(state => state.Step == 3));

        Assert.Equal(wholeEvents.Checkpoints[^1].Prompt.ContentHash, resumedEvents.Checkpoints[^1].Prompt.ContentHash);
        Assert.Equal(whole.Prompt.ContentHash, resumed.Prompt.ContentHash);
        Assert.Equal(whole.Trained.ContentHash, resumed.Trained.ContentHash);
    }

    [Theory]
    [InlineData(OptimizerKind.Adafactor)]
    [InlineData(OptimizerKind.Sgd)]
    public async Task TrainAsync_EncoderWithAnyOptimizer_LowersTheLoss(OptimizerKind kind)
    {
        var plan = TinyTask.Plan() with
        {
            Examples = TinyTask.ConstantExamples(10),
            Optimizer = new OptimizerSettings(kind, kind == OptimizerKind.Sgd ? 1 : 0.03),
            ClipNorm = 1,
            Steps = 60,
        };

        var (_, events) = await TrainAsync(plan.With("p_tuning_mlp"));

        Assert.True(events.Steps.TakeLast(3).Average(e => e.Loss) < 0.8 * events.Steps[0].Loss);
    }

    // The keys and values of a text are that text.
    [Theory]
    [MemberData(nameof(TinyMethods.Prefixes), MemberType = typeof(TinyMethods))]
    public async Task TrainAsync_PrefixOfAText_MeasuresAsTheText(string method)
    {
        var plan = TinyTask.EvaluatedPlan() with { TextPrompt = [8, 9, 8], Optimizer = new(OptimizerKind.Sgd, 0), Steps = 1 };

        var (trained, _) = await TrainAsync(plan.With(method) with { InitialText = [8, 9] });

        Assert.Equal(trained.Baseline!.TextPrompt!.Loss, trained.Evaluation!.Loss, 1e-5);
        Assert.Equal(trained.Baseline.TextPrompt.Accuracy, trained.Evaluation.Accuracy);
    }

    [Fact]
    public async Task TrainAsync_Cartridge_LeavesFrozenTokensAlone()
    {
        var plan = TinyTask.Plan().With("cartridge");

        var (trained, _) = await TrainAsync(plan);

        Assert.Equal(plan.Initial[Cartridge.Frozen].ToArray(), trained.Trained[Cartridge.Frozen].ToArray());
        Assert.NotEqual(plan.Initial[Cartridge.Trainable].ToArray(), trained.Trained[Cartridge.Trainable].ToArray());
    }

    [Fact]
    public async Task TrainAsync_OneTasksExamples_LeaveTheOthersMatrixAlone()
    {
        var plan = TinyTask.Plan().With("multitask");

        var (trained, _) = await TrainAsync(plan with { Examples = [.. plan.Examples.Select(e => e with { Task = 1 })] });

        var (before, after) = (plan.Initial[MultitaskPromptTuning.Rows].ToArray(), trained.Trained[MultitaskPromptTuning.Rows].ToArray());
        Assert.Equal(before[..(before.Length / 2)], after[..(after.Length / 2)]);
        Assert.NotEqual(before[(before.Length / 2)..], after[(after.Length / 2)..]);
        Assert.NotEqual(plan.Initial["embedding.weight"].ToArray(), trained.Trained["embedding.weight"].ToArray());
    }

    [Fact]
    public async Task TrainAsync_StrongWaywardness_EndsAtTheText()
    {
        var plan = TinyTask.Plan() with
        {
            Method = new PromptTuning(new Waywardness([8, 9], Gamma: 1e4)),
            Optimizer = new OptimizerSettings(OptimizerKind.AdamW, 0.02),
            Schedule = new ScheduleSettings(ScheduleKind.Linear),
            Steps = 200,
        };
        var text = new PromptInitializer(plan.Model, TinyTask.VirtualTokens, seed: 0).FromText([8, 9]);

        var (trained, events) = await TrainAsync(plan);

        Assert.All(text.Values.ToArray().Zip(trained.Prompt.Values.ToArray()), pair => Assert.Equal(pair.First, pair.Second, 0.02f));
        Assert.All(events.Steps, step => Assert.InRange(step.Loss, 0, 20)); // Of the task alone.
    }

    // The gradient of gamma / P * |p - t|^2 is 2 * gamma / P * (p - t).
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task TrainAsync_Waywardness_AddsItsGradientOnceAStep(int accumulation)
    {
        var plan = TinyTask.Plan() with
        {
            Optimizer = new OptimizerSettings(OptimizerKind.Sgd, 1, Momentum: 0),
            GradientAccumulation = accumulation,
            Steps = 1,
        };
        var text = new PromptInitializer(plan.Model, TinyTask.VirtualTokens, seed: 0).FromText([8, 9]).Values.ToArray();

        var (without, _) = await TrainAsync(plan);
        var (with, _) = await TrainAsync(plan with { Method = new PromptTuning(new Waywardness([8, 9], Gamma: 0.3)) });

        var pull = plan.Initial.Tensors[0].Values.Zip(text, (p, t) => 2 * 0.3f / TinyTask.VirtualTokens * (p - t));
        var expected = without.Prompt.Values.ToArray().Zip(pull, (value, step) => value - step);
        Assert.All(expected.Zip(with.Prompt.Values.ToArray()), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
    }

    [Fact]
    public async Task TrainAsync_EmptyInputBehindAPrefix_IsRefused()
    {
        var plan = TinyTask.Plan().With("prefix_tuning");

        var error = await Assert.ThrowsAsync<SoftPromptException>(() => TrainAsync(plan with { Examples = [new([], [5])] }));

        Assert.Equal(ErrorKind.Invalid, error.Kind);
    }

    /// <summary>By prompt tuning or prefix tuning with a learning rate of 0.</summary>
    private async Task<double> LossOfServedAsync(TrainingPlan plan, ServedPrompt prompt)
    {
        var still = plan with { Optimizer = new OptimizerSettings(OptimizerKind.Sgd, 0), Steps = 1 };
        var initializer = new TrainableInitializer(plan.Model, prompt.VirtualTokens, seed: 0);
        var (trained, _) = await TrainAsync(prompt switch
        {
            KeyValuePrefix prefix => still with { Method = new PrefixTuning(), Initial = initializer.FromPrefix(new PrefixTuning(), prefix) },
            SoftPrompt rows => still with { Initial = rows },
            _ => throw new NotSupportedException(),
        });
        return trained.Evaluation!.Loss;
    }

    private async Task<(TrainedPrompt Trained, RecordedEvents Events)> TrainAsync(TrainingPlan plan, TrainingState? state = null)
    {
        var events = new RecordedEvents();
        return (await CreateBackend().TrainAsync(plan, state, events, TestContext.Current.CancellationToken), events);
    }
}
