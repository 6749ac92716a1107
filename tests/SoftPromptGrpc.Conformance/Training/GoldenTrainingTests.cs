using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Fixtures;

namespace SoftPromptGrpc.Conformance.Training;

/// <summary>A training backend repeats runs of Hugging Face PEFT step by step.</summary>
public abstract class GoldenTrainingTests
{
    protected abstract ITrainingBackend CreateBackend();

    [Theory]
    [MemberData(nameof(GoldenRun.Steady), MemberType = typeof(GoldenRun))]
    public async Task TrainAsync_GoldenRun_EveryStepAsInPeft(string modelName, string runName)
    {
        var golden = new GoldenRun(modelName, runName);
        var model = Goldens.LoadModel(modelName);
        using var weights = model.Weights;
        var plan = golden.Plan(model);

        var run = await TrainAsync(plan);

        AssertGolden(golden, plan, run);
        await AssertEvaluatesAsync(golden, plan with { Initial = run.Trained.Trained });
    }

    [Theory]
    [MemberData(nameof(GoldenRun.Forked), MemberType = typeof(GoldenRun))]
    public async Task TrainAsync_GoldenRunThatRoundingForks_WithinRoundingOfItsBeginningEveryStepAsInPeft(string modelName, string runName)
    {
        const int Attempts = 32;
        var golden = new GoldenRun(modelName, runName);
        var model = Goldens.LoadModel(modelName);
        using var weights = model.Weights;
        var plan = golden.Plan(model);

        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var run = await TrainAsync(plan with { Initial = Nudged(plan.Initial, attempt) });
            if (golden.Losses.Zip(run.Events.Steps).All(step => Math.Abs(step.First - step.Second.Loss) < GoldenRun.LossTolerance))
            {
                AssertGolden(golden, plan, run);
                await AssertEvaluatesAsync(golden, plan with { Initial = run.Trained.Trained });
                return;
            }
        }
        Assert.Fail($"None of {Attempts} runs is PEFT's.");
    }

    [Fact]
    public async Task TrainAsync_RealModel_EveryStepAndAccuracyAsInPeft()
    {
        var golden = new StoriesRun(StoriesRun.Steady);
        var model = StoriesRun.LoadModel();
        using var weights = model.Weights;
        var plan = StoriesRun.Plan(model);
        var events = new RecordedEvents();

        var trained = await CreateBackend().TrainAsync(plan, null, events, TestContext.Current.CancellationToken);

        Assert.Equal(golden.Initial, plan.Initial.Tensors[0].Values);
        AssertClose(golden.Losses, events.Steps.Select(e => e.Loss), 1e-4);
        // Starts that differ in their last bit alone part by 1.2e-4 at step 31.
        AssertClose(golden.GradientNorms, events.Steps.Select(e => e.GradientNorm), 2e-4);
        AssertClose(golden.Final, trained.Prompt.Values.ToArray(), 1e-3);
        Assert.Equal(StoriesRun.NoPromptAccuracy, trained.Baseline!.NoPrompt.Accuracy);
        Assert.Equal(golden.TestAccuracy, trained.Evaluation!.Accuracy);
    }

    [Theory]
    [MemberData(nameof(CausalModels.Complete), MemberType = typeof(CausalModels))]
    public async Task TrainAsync_EveryArchitecture_TakesTheGoldenGradient(string modelName)
    {
        const double LearningRate = 0.01;
        var golden = new CausalGoldens(modelName);
        var model = Goldens.LoadModel(modelName);
        using var weights = model.Weights;
        var plan = TinyTask.Plan(model) with
        {
            Initial = new SoftPrompt(CausalGoldens.VirtualTokens, model.Spec.EmbeddingSize, golden.Prompt, model.Fingerprint),
            Examples = [.. golden.Rows.Select(row => new TrainingExample([], row))],
            Optimizer = new OptimizerSettings(OptimizerKind.Sgd, LearningRate),
            BatchSize = golden.Rows.Length,
            Steps = 1,
        };
        var events = new RecordedEvents();

        var trained = await CreateBackend().TrainAsync(plan, null, events, TestContext.Current.CancellationToken);

        var gradient = golden.PromptGradient;
        Assert.Equal(golden.SoftPrompt.Loss, events.Steps[0].Loss, 1e-5);
        Assert.Equal(Math.Sqrt(gradient.Sum(g => (double)g * g)), events.Steps[0].GradientNorm, 1e-4);
        float[] stepped = [.. golden.Prompt.Zip(gradient, (value, g) => (float)(value - LearningRate * g))];
        AssertClose(stepped, trained.Prompt.Values.ToArray(), 1e-6);
    }

    private async Task<(TrainedPrompt Trained, RecordedEvents Events)> TrainAsync(TrainingPlan plan)
    {
        var events = new RecordedEvents();
        return (await CreateBackend().TrainAsync(plan, null, events, TestContext.Current.CancellationToken), events);
    }

    /// <summary>One step that changes nothing, evaluated.</summary>
    private async Task AssertEvaluatesAsync(GoldenRun golden, TrainingPlan plan)
    {
        foreach (var (batch, loss) in golden.FinalLosses.Index())
        {
            var (trained, _) = await TrainAsync(plan with
            {
                Optimizer = new OptimizerSettings(OptimizerKind.Sgd, LearningRate: 0),
                Steps = 1,
                EvaluationExamples = [.. plan.Examples.Skip(batch * plan.BatchSize).Take(plan.BatchSize)],
            });
            Assert.Equal(loss, trained.Evaluation!.Loss, GoldenRun.LossTolerance);
        }
    }

    /// <summary>Each number at most to the next that a float32 can be; the first attempt's as they are.</summary>
    private static TrainablePrompt Nudged(TrainablePrompt prompt, int attempt)
    {
        var random = SeededRandom.For(attempt, 0);
        var tensors = prompt.Tensors.Select(t => t with { Values = [.. t.Values.Select(Nudge)] });
        return new(prompt.VirtualTokens, tensors, prompt.ModelFingerprint);

        float Nudge(float value) => (attempt == 0 ? 0 : random.Next(3)) switch
        {
            0 => value,
            1 => MathF.BitIncrement(value),
            _ => MathF.BitDecrement(value),
        };
    }

    private static void AssertGolden(GoldenRun golden, TrainingPlan plan, (TrainedPrompt Trained, RecordedEvents Events) run)
    {
        var (trained, events) = run;
        AssertClose(golden.Losses, events.Steps.Select(e => e.Loss), GoldenRun.LossTolerance);
        AssertClose(golden.LearningRates, events.Steps.Select(e => e.LearningRate), 1e-7);
        AssertClose(golden.GradientNorms, events.Steps.Select(e => e.GradientNorm), GoldenRun.LossTolerance);
        AssertClose(Served(golden.FinalPrompt, trained.Prompt, plan.Model), trained.Prompt.Values.ToArray(), GoldenRun.PromptTolerance);
        Assert.All(golden.EarlyPrompts, early => AssertClose(
            early.Prompt, events.Checkpoints[early.Step - 1].Prompt.Tensors[0].Values, GoldenRun.PromptTolerance));
        Assert.All(trained.Trained.Tensors, tensor => AssertClose(golden.Final(tensor), tensor.Values, golden.FinalTolerance));
    }

    /// <summary>What PEFT saved, as it is served.</summary>
    private static float[] Served(float[] saved, ServedPrompt kind, BaseModel model) => kind is KeyValuePrefix
        ? PrefixLayout.FromRows(saved, kind.VirtualTokens, model.Spec, model.Fingerprint).Values.ToArray()
        : saved;

    private static void AssertClose(float[] expected, float[] actual, double tolerance) =>
        AssertClose(expected.Select(value => (double)value), actual.Select(value => (double)value), tolerance);

    private static void AssertClose(IEnumerable<double> expected, IEnumerable<double> actual, double tolerance)
    {
        Assert.Equal(expected.Count(), actual.Count());
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, tolerance));
    }
}
