using SoftPromptGrpc.Core;
using SoftPromptGrpc.Server.Tests.Fakes;
using SoftPromptGrpc.Server.Tests.Storage;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Tests.Jobs;

/// <summary>What a planner refuses, and how it says so.</summary>
public sealed class TrainingPlannerRefusalTests : IAsyncDisposable
{
    private readonly StoreFile _file = new();
    private readonly JobsHost _host;
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public TrainingPlannerRefusalTests() =>
        _host = new JobsHost(_file, null, FakeModels.Create("tiny"), FakeModels.Create("ids", withTokenizer: false));

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _file.Dispose();
    }

    public static TheoryData<string, Action<Wire.TrainingSpec>> Mistakes => new()
    {
        { "spec.model", s => s.Model = "" },
        { "spec.prompt", s => s.Prompt = "" },
        { "spec.prompt", s => s.Prompt = "a@1" },
        { "spec.method", s => s.Method = (Wire.PromptMethod)99 },
        { "spec.virtual_tokens", s => s.VirtualTokens = 0 },
        { "spec.virtual_tokens", s => s.VirtualTokens = 10_000 },
        { "spec.virtual_tokens", s => s.VirtualTokens = FakeModels.ContextLength },
        { "spec.initialization.text", s => s.Initialization = new() { Text = Specs.Text("") } },
        { "spec.initialization.class_labels.labels[1]", s => s.Initialization = new() { ClassLabels = new() { Labels = { Specs.Text("a"), Specs.Text("") } } } },
        { "spec.initialization.from_prompt", s => s.Initialization = new() { FromPrompt = "a@@" } },
        { "spec.examples", s => s.Examples = null },
        { "spec.examples", s => s.Examples = new() },
        { "spec.examples.examples[2].target", s => s.Examples.Examples[2].Target = null },
        { "spec.examples.examples[2].target", s => s.Examples.Examples[2].Target = Specs.Text("") },
        { "spec.examples.examples[1].target", s => s.Examples.Examples[1].Target = Specs.Text(new string('x', FakeModels.ContextLength - 2)) },
        { "spec.examples.examples[0].input.token_ids[1]", s => s.Examples.Examples[0].Input = Specs.Ids(0, FakeTokenizer.Size) },
        { "spec.examples.examples[0].target.token_ids[0]", s => s.Examples.Examples[0].Target = Specs.Ids(uint.MaxValue) },
        { "spec.template.pattern", s => s.Template = new() { Pattern = "no placeholder" } },
        { "spec.template.pattern", s => s.Template = new() { Pattern = "{input}{input}" } },
        { "spec.optimizer.kind", s => s.Optimizer = new() { Kind = (Wire.OptimizerKind)99 } },
        { "spec.optimizer.learning_rate", s => s.Optimizer = new() { LearningRate = 0 } },
        { "spec.optimizer.learning_rate", s => s.Optimizer = new() { LearningRate = double.NaN } },
        { "spec.optimizer.learning_rate", s => s.Optimizer = new() { LearningRate = double.PositiveInfinity } },
        { "spec.optimizer.weight_decay", s => s.Optimizer = new() { WeightDecay = -1 } },
        { "spec.optimizer.beta1", s => s.Optimizer = new() { Beta1 = 1 } },
        { "spec.optimizer.beta2", s => s.Optimizer = new() { Beta2 = -0.1 } },
        { "spec.optimizer.epsilon", s => s.Optimizer = new() { Epsilon = 0 } },
        { "spec.optimizer.momentum", s => s.Optimizer = new() { Momentum = double.NaN } },
        { "spec.schedule.kind", s => s.Schedule = new() { Kind = (Wire.ScheduleKind)99 } },
        { "spec.schedule.warm_up_steps", s => s.Schedule = new() { WarmUpSteps = -1 } },
        { "spec.schedule.warm_up_steps", s => s.Schedule = new() { WarmUpSteps = 4 } },
        { "spec.epochs", s => s.Epochs = 0 },
        { "spec.epochs", s => s.Epochs = 10_001 },
        { "spec.epochs", s => (s.Epochs, s.BatchSize, s.Examples) = (10_000, 1, Specs.Examples(1200)) },
        { "spec.steps", s => s.Steps = 0 },
        { "spec.steps", s => s.Steps = 10_000_001 },
        { "spec.batch_size", s => s.BatchSize = 0 },
        { "spec.batch_size", s => s.BatchSize = 4097 },
        { "spec.gradient_accumulation_steps", s => s.GradientAccumulationSteps = 1025 },
        { "spec.max_gradient_norm", s => s.MaxGradientNorm = -1 },
        { "spec.max_gradient_norm", s => s.MaxGradientNorm = double.NaN },
        { "spec.evaluation.split_ratio", s => s.Evaluation = new() { SplitRatio = 0.6 } },
        { "spec.evaluation.interval", s => s.Evaluation = new() { Interval = 0 } },
        { "spec.evaluation.early_stopping_patience", s => s.Evaluation = new() { EarlyStoppingPatience = 0 } },
        { "spec.evaluation.labels[0]", s => s.Evaluation = new() { Labels = { new Wire.Content() } } },
        { "spec.evaluation.text_prompt", s => s.Evaluation = new() { TextPrompt = Specs.Text(new string('x', FakeModels.ContextLength)) } },
        { "spec.evaluation.examples.examples[0].target", s => s.Evaluation = new() { Examples = new() { Examples = { new Wire.Example() } } } },
        { "spec.labels", s => s.Labels[new string('k', 64)] = "" },
        { "spec.labels", s => s.Labels[""] = "" },
        { "spec.checkpoint_interval", s => s.CheckpointInterval = 0 },
        { "spec.max_duration", s => s.MaxDuration = new() },
        { "spec.max_duration", s => s.MaxDuration = new() { Seconds = -1 } },
        { "spec.max_duration", s => s.MaxDuration = new() { Seconds = 1, Nanos = 2_000_000_000 } },
        { "spec.priority", s => s.Priority = 101 },
        { "spec.p_tuning", s => s.PTuning = new() },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public async Task Plan_OneMistake_NamesItsField(string field, Action<Wire.TrainingSpec> makeMistake)
    {
        var error = await RefusedAsync(Small(makeMistake));

        Assert.Equal(ErrorKind.Invalid, error.Kind);
        Assert.Equal(field, Assert.Single(error.Violations).Field);
    }

    [Fact]
    public async Task Plan_ManyMistakes_ReportsAllAtOnce()
    {
        var error = await RefusedAsync(Small(s =>
        {
            (s.Prompt, s.VirtualTokens, s.BatchSize) = ("", 0, 0);
            s.Optimizer = new() { LearningRate = -1 };
            s.Examples.Examples[0].Target = null;
            s.Examples.Examples[3].Input = Specs.Ids(999);
        }));

        Assert.Equal(
            [
                "spec.prompt", "spec.virtual_tokens", "spec.batch_size", "spec.optimizer.learning_rate", "spec.examples.examples[0].target",
                "spec.examples.examples[3].input.token_ids[0]",
            ],
            error.Violations.Select(v => v.Field));
    }

    [Fact]
    public async Task Plan_EveryExampleWrong_ReportsTwentyAndTheNumberOfTheRest()
    {
        var error = await RefusedAsync(Small(s => s.Examples = new() { Examples = { Enumerable.Range(0, 1000).Select(_ => new Wire.Example()) } }));

        Assert.Equal(21, error.Violations.Count);
        Assert.Contains("980", error.Violations[^1].Description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_TextForAModelWithoutTokenizer_IsInvalid()
    {
        var error = await RefusedAsync(Small(s => s.Model = "ids"));

        Assert.Equal("spec.examples.examples[0].input.text", error.Violations[0].Field);
    }

    public static TheoryData<string, Action<Wire.TrainingSpec>> Unimplemented => new()
    {
        { "'none'", s => s.Backend = "none" },
    };

    [Theory]
    [MemberData(nameof(Unimplemented))]
    public async Task Plan_WhatNothingImplements_IsUnsupportedAndNamed(string named, Action<Wire.TrainingSpec> ask)
    {
        var error = await RefusedAsync(Small(ask));

        Assert.Equal(ErrorKind.Unsupported, error.Kind);
        Assert.Contains(named, error.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Plan_UnknownModel_IsNotFoundUnlessSomethingElseIsWrong()
    {
        Assert.Equal(ErrorKind.NotFound, (await RefusedAsync(Small(s => s.Model = "none"))).Kind);
        Assert.Equal(ErrorKind.Invalid, (await RefusedAsync(Small(s => (s.Model, s.Prompt) = ("none", "")))).Kind);
    }

    private Task<SoftPromptException> RefusedAsync(Wire.TrainingSpec spec) =>
        Assert.ThrowsAsync<SoftPromptException>(() => _host.Planner.PlanAsync(spec, _ct));

    private static Wire.TrainingSpec Small(Action<Wire.TrainingSpec>? change = null) => Specs.Small(s =>
    {
        s.Model = "tiny";
        change?.Invoke(s);
    });
}
