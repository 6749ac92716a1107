using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Core.Training.Methods;
using SoftPromptGrpc.Server.Jobs.Planning;
using SoftPromptGrpc.Server.Prompts;
using SoftPromptGrpc.Server.Tests.Fakes;
using SoftPromptGrpc.Server.Tests.Storage;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Tests.Jobs;

/// <summary>From the contract's methods and their settings to what a backend trains.</summary>
public sealed class TrainingMethodPlanTests : IAsyncDisposable
{
    private readonly StoreFile _file = new();
    private readonly JobsHost _host;
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public static TheoryData<TrainingMethod, double, Action<Wire.TrainingSpec>> Methods => new()
    {
        { new PromptTuning(), 0.3, s => s.Method = Wire.PromptMethod.Unspecified },
        { new PTuning(PromptEncoderKind.Mlp, FakeModels.HiddenSize), 0.01, s => s.Method = Wire.PromptMethod.PTuning },
        {
            new PTuning(PromptEncoderKind.Lstm, 6, 3), 0.01, s => (s.Method, s.PTuning) = (
                Wire.PromptMethod.PTuning, new() { Encoder = Wire.PromptEncoder.Lstm, EncoderHiddenSize = 6, EncoderLayers = 3 })
        },
        { new PrefixTuning(), 0.01, s => s.Method = Wire.PromptMethod.PrefixTuning },
        {
            new PrefixTuning(5), 0.01,
            s => (s.Method, s.PrefixTuning) = (Wire.PromptMethod.PrefixTuning, new() { Projection = true, EncoderHiddenSize = 5 })
        },
        { new MultitaskPromptTuning(1), 0.3, s => s.Method = Wire.PromptMethod.MultitaskPromptTuning },
        {
            new MultitaskPromptTuning(3, 2, 4), 0.3,
            s => (s.Method, s.Multitask) = (Wire.PromptMethod.MultitaskPromptTuning, new() { TaskCount = 3, Task = 2, Rank = 4 })
        },
        { new Cartridge(1), 0.01, s => s.Method = Wire.PromptMethod.Cartridge },
        { new Cartridge(0), 0.01, s => (s.Method, s.Cartridge) = (Wire.PromptMethod.Cartridge, new() { FrozenTokens = 0 }) },
    };

    public static TheoryData<string, Action<Wire.TrainingSpec>> Mistakes => new()
    {
        { "spec.prefix_tuning", s => s.PrefixTuning = new() },
        { "spec.p_tuning.encoder", s => (s.Method, s.PTuning) = (Wire.PromptMethod.PTuning, new() { Encoder = (Wire.PromptEncoder)9 }) },
        {
            "spec.p_tuning.encoder_hidden_size",
            s => (s.Method, s.PTuning) = (Wire.PromptMethod.PTuning, new() { EncoderHiddenSize = 0 })
        },
        {
            "spec.multitask.task_count",
            s => (s.Method, s.Multitask) = (Wire.PromptMethod.MultitaskPromptTuning, new())
        },
        {
            "spec.multitask.task",
            s => (s.Method, s.Multitask) = (Wire.PromptMethod.MultitaskPromptTuning, new() { TaskCount = 2, Task = 2 })
        },
        {
            "spec.cartridge.frozen_tokens",
            s => (s.Method, s.Cartridge) = (Wire.PromptMethod.Cartridge, new() { FrozenTokens = s.VirtualTokens })
        },
        {
            "spec.waywardness",
            s => (s.Method, s.Waywardness) = (Wire.PromptMethod.Cartridge, new() { Gamma = 1, Text = new() { Text = "x" } })
        },
        { "spec.waywardness.gamma", s => s.Waywardness = new() { Gamma = -1, Text = new() { Text = "x" } } },
        { "spec.waywardness.text", s => s.Waywardness = new() { Gamma = 1 } },
        { "spec.initialization.zeros", s => s.Initialization = new() { Zeros = new() } },
        {
            "spec.initialization.class_labels",
            s => (s.Method, s.Initialization) = (Wire.PromptMethod.PrefixTuning, new() { ClassLabels = new() })
        },
        {
            "spec.initialization", s => (s.Method, s.PrefixTuning, s.Initialization) = (
                Wire.PromptMethod.PrefixTuning, new() { Projection = true }, new() { Text = new() { Text = "x" } })
        },
    };

    /// <summary>Each setting within its own range.</summary>
    public static TheoryData<string, Action<Wire.TrainingSpec>> TooLarge => new()
    {
        {
            "spec.p_tuning.encoder_hidden_size", s => (s.Method, s.PTuning) = (
                Wire.PromptMethod.PTuning, new() { Encoder = Wire.PromptEncoder.Lstm, EncoderHiddenSize = 65536, EncoderLayers = 16 })
        },
        {
            "spec.p_tuning.encoder_hidden_size",
            s => (s.Method, s.PTuning) = (Wire.PromptMethod.PTuning, new() { EncoderHiddenSize = 65536 })
        },
        {
            "spec.prefix_tuning.encoder_hidden_size", s => (s.Model, s.Method, s.PrefixTuning) = (
                "large", Wire.PromptMethod.PrefixTuning, new() { Projection = true, EncoderHiddenSize = 65536 })
        },
        {
            "spec.multitask.task_count", s => (s.Model, s.Method, s.Multitask) = (
                "large", Wire.PromptMethod.MultitaskPromptTuning, new() { TaskCount = 1024, Rank = 1000 })
        },
        {
            "spec.multitask.rank", s => (s.Model, s.Method, s.Multitask) = (
                "large", Wire.PromptMethod.MultitaskPromptTuning, new() { TaskCount = 1000, Rank = 1024 })
        },
        {
            "spec.virtual_tokens", s => (s.Model, s.Method, s.VirtualTokens, s.Cartridge, s.Initialization) = (
                "large", Wire.PromptMethod.Cartridge, 1024, new() { FrozenTokens = 0 }, new() { Zeros = new() })
        },
    };

    public TrainingMethodPlanTests() => _host = new JobsHost(_file, null, FakeModels.Create("tiny"), Large());

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _file.Dispose();
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task Plan_Method_IsPlannedWithTensorsThatFitIt(TrainingMethod method, double rate, Action<Wire.TrainingSpec> ask)
    {
        var plan = (await PlanAsync(ask)).Plan;

        Assert.Equal(method, plan.Method);
        Assert.Equal(rate, plan.Optimizer.LearningRate);
        Assert.True(plan.Initial.Fits(method.Tensors(plan.Model.Spec, 2)));
        Assert.Equal(method.Kind.MakesPrefix() && method is not PrefixTuning { ProjectionSize: not null }, plan.InitialText is not null);
        Assert.All(plan.Examples, example => Assert.Equal((method as MultitaskPromptTuning)?.Task ?? 0, example.Task));
    }

    [Theory]
    [MemberData(nameof(Mistakes))]
    public async Task Plan_Mistake_IsNamed(string field, Action<Wire.TrainingSpec> ask)
    {
        var error = await Assert.ThrowsAsync<SoftPromptException>(() => PlanAsync(ask));

        Assert.Equal(ErrorKind.Invalid, error.Kind);
        Assert.Equal(field, Assert.Single(error.Violations).Field);
    }

    [Theory]
    [MemberData(nameof(TooLarge))]
    public async Task Plan_MoreNumbersThanACheckpointHolds_NamesTheSettingThatMakesThem(string field, Action<Wire.TrainingSpec> ask)
    {
        var error = await Assert.ThrowsAsync<SoftPromptException>(() => PlanAsync(ask));

        Assert.Equal((ErrorKind.Invalid, field), (error.Kind, Assert.Single(error.Violations).Field));
    }

    [Fact]
    public async Task Plan_Waywardness_HasTheTextsTokens()
    {
        var plan = (await PlanAsync(s => s.Waywardness = new() { Gamma = 0.5, Text = new() { Text = "ab" } })).Plan;

        var waywardness = Assert.IsType<PromptTuning>(plan.Method).Waywardness!;
        Assert.Equal((2, 0.5), (waywardness.Text.Length, waywardness.Gamma));
    }

    [Fact]
    public async Task Plan_FromAPromptOfTheSameMethod_GoesOnFromAllThatWasTrained()
    {
        var trained = await AddMultitaskAsync("shared", tasks: 2, rank: 1);

        var next = (await PlanAsync(s => (s.Method, s.Multitask, s.Initialization) = (
            Wire.PromptMethod.MultitaskPromptTuning, new() { TaskCount = 2, Rank = 1, Task = 1 }, new() { FromPrompt = "shared" }))).Plan;

        Assert.Equal(trained.ContentHash, next.Initial.ContentHash);
        Assert.Equal(1, next.Examples[0].Task);
    }

    [Fact]
    public async Task Plan_FromAsManyNumbersInOtherTasks_DoesNotTakeThemForItsOwn()
    {
        var trained = await AddMultitaskAsync("shared", tasks: 3, rank: 2);

        var next = (await PlanAsync(s => (s.Method, s.Multitask, s.Initialization) = (
            Wire.PromptMethod.MultitaskPromptTuning, new() { TaskCount = 2, Rank = 3 }, new() { FromPrompt = "shared" }))).Plan;

        Assert.Equal(trained.Length, next.Initial.Length);
        Assert.NotEqual(trained[MultitaskPromptTuning.Columns].ToArray(), next.Initial[MultitaskPromptTuning.Columns].ToArray());
    }

    [Fact]
    public async Task Plan_FromAPromptThatMethodCannotGoOnFrom_IsInvalid()
    {
        var fingerprint = FakeModels.FingerprintOf("tiny");
        await AddAsync("prefix", PromptMethod.PrefixTuning, new KeyValuePrefix(1, 1, 2, 4, new float[16], fingerprint), null);

        var error = await Assert.ThrowsAsync<SoftPromptException>(() => PlanAsync(s => s.Initialization = new() { FromPrompt = "prefix" }));
        var plan = (await PlanAsync(
            s => (s.Method, s.Initialization) = (Wire.PromptMethod.Cartridge, new() { FromPrompt = "prefix" }))).Plan;

        Assert.Equal("spec.initialization.from_prompt", Assert.Single(error.Violations).Field);
        Assert.Null(plan.InitialText);
        Assert.Equal(2, plan.Initial.Tensors.Count);
    }

    /// <summary>The sizes of a model of 7 billion parameters.</summary>
    private static BaseModel Large() => FakeModels.Create("large") with
    {
        Spec = FakeModels.Spec with
        {
            HiddenSize = 4096,
            LayerCount = 32,
            HeadCount = 32,
            KeyValueHeadCount = 32,
            HeadSize = 128,
            ContextLength = 4096,
        },
    };

    /// <summary>A stored prompt of tasks that were all trained.</summary>
    private async Task<TrainablePrompt> AddMultitaskAsync(string name, int tasks, int rank)
    {
        var options = new Wire.MultitaskOptions { TaskCount = tasks, Rank = rank };
        var first = (await PlanAsync(s => (s.Method, s.Multitask) = (Wire.PromptMethod.MultitaskPromptTuning, options.Clone()))).Plan;
        var (tensors, fingerprint) = (first.Initial.Tensors, first.Model.Fingerprint);
        var trained = new TrainablePrompt(2, tensors.Select(t => t with { Values = [.. t.Values.Select(v => v + 1)] }), fingerprint);
        await AddAsync(
            name, PromptMethod.MultitaskPromptTuning, new SoftPrompt(2, FakeModels.HiddenSize, new float[8], fingerprint), trained,
            Lineages.Imported(new() { Multitask = options }));
        return trained;
    }

    private Task<PlannedTraining> PlanAsync(Action<Wire.TrainingSpec> ask) => _host.Planner.PlanAsync(
        Specs.Small(s =>
        {
            (s.Model, s.VirtualTokens) = ("tiny", 2);
            ask(s);
        }), _ct);

    private Task<PromptRecord> AddAsync(
        string name, PromptMethod method, ServedPrompt numbers, TrainablePrompt? trained, string lineage = "{}") => _host.Prompts.AddAsync(
        new NewPrompt(name, "tiny", numbers, TextTemplate.None, new Dictionary<string, string>(), _ => lineage)
        {
            Method = method,
            Trained = trained,
        },
        _ct);
}
