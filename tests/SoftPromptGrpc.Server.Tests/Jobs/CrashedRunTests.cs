using Microsoft.EntityFrameworkCore;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Fixtures;
using SoftPromptGrpc.Server.Storage;
using SoftPromptGrpc.Server.Tests.Storage;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Tests.Jobs;

/// <summary>
/// The store is copied while a job runs, as a crash at that moment would leave it. The job goes on to its end in the one, and from its
/// last checkpoint in the other: both must end in the same bits.
/// </summary>
public sealed class CrashedRunTests : IDisposable
{
    private const int Steps = 12;

    private static readonly (string Name, double LearningRate, Action<Wire.TrainingSpec> Ask)[] Methods =
    [
        ("prompt tuning", 0.1, spec => spec.Method = Wire.PromptMethod.PromptTuning),
        ("waywardness", 0.1, spec => spec.Waywardness = new() { Text = Specs.Ids(5, 6), Gamma = 0.1 }),
        ("P-tuning (MLP)", 0.01, spec => (spec.Method, spec.PTuning) = (
            Wire.PromptMethod.PTuning, new() { Encoder = Wire.PromptEncoder.Mlp, EncoderHiddenSize = 16 })),
        ("P-tuning (LSTM)", 0.01, spec => (spec.Method, spec.PTuning) = (
            Wire.PromptMethod.PTuning, new() { Encoder = Wire.PromptEncoder.Lstm, EncoderHiddenSize = 16 })),
        ("prefix tuning", 0.05, spec => spec.Method = Wire.PromptMethod.PrefixTuning),
        ("prefix tuning, projected", 0.01, spec => (spec.Method, spec.PrefixTuning) = (
            Wire.PromptMethod.PrefixTuning, new() { Projection = true, EncoderHiddenSize = 16 })),
        ("multitask", 0.1, spec => (spec.Method, spec.Multitask) = (
            Wire.PromptMethod.MultitaskPromptTuning, new() { TaskCount = 2, Task = 1, Rank = 2 })),
        ("cartridge", 0.05, spec => spec.Method = Wire.PromptMethod.Cartridge),
    ];

    private readonly StoreFile _file = new();
    private readonly StoreFile _copy = new();
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public static MatrixTheoryData<string, Wire.OptimizerKind> Cases { get; } = new(
        Methods.Select(method => method.Name), [Wire.OptimizerKind.Adamw, Wire.OptimizerKind.Adafactor, Wire.OptimizerKind.Sgd]);

    public static TheoryData<string, string> EncoderDecoders => new MatrixTheoryData<string, string>(["t5_v1_0", "bart"], ["prompt tuning", "prefix tuning"]);

    public void Dispose()
    {
        _file.Dispose();
        _copy.Dispose();
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public Task Run_CrashedInTheMiddle_EndsInTheSameBits(string method, Wire.OptimizerKind optimizer) =>
        AssertSameBitsAsync("gpt2", crashAfter: 8, from: 6, spec => Set(spec, method, optimizer));

    [Theory]
    [MemberData(nameof(EncoderDecoders))]
    public Task Run_OfAnEncoderDecoderCrashed_EndsInTheSameBits(string model, string method) =>
        AssertSameBitsAsync(model, crashAfter: 7, from: 6, spec => Set(spec, method, Wire.OptimizerKind.Adamw));

    [Theory]
    [InlineData(2, 0)] // In front of the first checkpoint, within the warm-up.
    [InlineData(3, 0)] // The checkpoint of this very step is not stored yet.
    [InlineData(4, 3)]
    [InlineData(11, 9)]
    public Task Run_CrashedAnywhere_EndsInTheSameBits(int after, int from) =>
        AssertSameBitsAsync("gpt2", after, from, spec => Set(spec, "prompt tuning", Wire.OptimizerKind.Adamw));

    [Theory]
    [InlineData(Wire.ScheduleKind.Constant)]
    [InlineData(Wire.ScheduleKind.Linear)]
    [InlineData(Wire.ScheduleKind.Cosine)]
    public Task Run_WithAnySchedule_EndsInTheSameBits(Wire.ScheduleKind schedule) => AssertSameBitsAsync(
        "gpt2", 5, 3, spec =>
        {
            Set(spec, "prompt tuning", Wire.OptimizerKind.Adamw);
            spec.Schedule = new() { Kind = schedule, WarmUpSteps = 4 };
        });

    [Fact]
    public async Task Run_ThatIsToStopEarly_StopsAtTheSameStep()
    {
        var result = await AssertSameBitsAsync(
            "gpt2", 8, 6, spec =>
            {
                Set(spec, "prompt tuning", Wire.OptimizerKind.Sgd);
                (spec.Steps, spec.Optimizer.LearningRate, spec.MaxGradientNorm) = (60, 50, 0);
                spec.Evaluation = new() { SplitRatio = 0.25, Interval = 1, EarlyStoppingPatience = 8 };
            });

        Assert.True(result.StoppedEarly);
        Assert.InRange(result.StepsDone, 9, 59);
    }

    private async Task<Wire.TrainingResult> AssertSameBitsAsync(string model, int crashAfter, int from, Action<Wire.TrainingSpec> change)
    {
        using var weights = Goldens.LoadModel(model).Weights;
        var (whole, wholeEvents) = await RunAndCopyAsync(Goldens.LoadModel(model), crashAfter, from, change);
        await using var next = new JobsHost(_copy, new HeldTorchBackend(), null, Goldens.LoadModel(model));
        await next.StartAsync();
        var job = wholeEvents[0].Job;
        var events = await next.WatchAsync(job, 0, _ct);
        var resumed = events[^1].Result;

        Assert.Equal([0, from], events.Where(e => e.Started is not null).Select(e => e.Started.FromStep));
        Assert.Equal(whole.ContentHash, resumed.ContentHash);
        Assert.Equal(Comparable(whole), Comparable(resumed));
        Assert.Equal(StepsOf(wholeEvents), StepsOf(events));
        return resumed;
    }

    private async Task<(Wire.TrainingResult Result, List<Wire.TrainingEvent> Events)> RunAndCopyAsync(
        BaseModel model, int crashAfter, int from, Action<Wire.TrainingSpec> change)
    {
        var backend = new HeldTorchBackend(crashAfter);
        await using var host = new JobsHost(_file, backend, null, model);
        await host.StartAsync();
        var job = (await host.Jobs.SubmitAsync(Spec(change), "", _ct)).Id;
        await backend.Held.WaitAsync(_ct);
        await host.WaitForAsync(job, e => e.Step?.Step == crashAfter, _ct);
        _copy.CopyFrom(_file);
        await using (var store = await _copy.Open().CreateDbContextAsync(_ct))
        {
            Assert.Equal(JobState.Running, (await store.Jobs.SingleAsync(_ct)).State);
            Assert.Equal(from, await store.Checkpoints.Select(c => c.Step).SingleOrDefaultAsync(_ct));
        }
        backend.Release();
        var events = await host.WatchAsync(job, 0, _ct);
        return (events[^1].Result, events);
    }

    /// <summary>Two batches a step, over 12 examples in batches of 4: most steps reach from one epoch into the next.</summary>
    private static Wire.TrainingSpec Spec(Action<Wire.TrainingSpec> change)
    {
        var spec = new Wire.TrainingSpec
        {
            Prompt = "p",
            VirtualTokens = 3,
            Steps = Steps,
            BatchSize = 4,
            GradientAccumulationSteps = 2,
            CheckpointInterval = 3,
            Seed = 5,
            AppendEndOfSequence = false,
            Evaluation = new() { SplitRatio = 0.25, Interval = Steps },
            Schedule = new() { Kind = Wire.ScheduleKind.Cosine, WarmUpSteps = 4 },
            Optimizer = new(),
        };
        spec.Examples = new()
        {
            Examples = { Enumerable.Range(1, 16).Select(i => new Wire.Example { Input = Specs.Ids((uint)i, 7), Target = Specs.Ids((uint)(i % 2) + 20) }) },
        };
        change(spec);
        return spec;
    }

    private static void Set(Wire.TrainingSpec spec, string name, Wire.OptimizerKind optimizer)
    {
        var (_, rate, ask) = Methods.Single(method => method.Name == name);
        spec.Optimizer = new() { Kind = optimizer, LearningRate = optimizer == Wire.OptimizerKind.Sgd ? 10 * rate : rate, WeightDecay = 0.01 };
        ask(spec);
    }

    private static Wire.TrainingResult Comparable(Wire.TrainingResult result) => new(result) { TrainingTime = null, PeakBytes = 0 };

    /// <summary>The last of each step, without what a clock decides.</summary>
    private static IEnumerable<Wire.TrainingStep> StepsOf(IEnumerable<Wire.TrainingEvent> events) => events
        .Where(e => e.Step is not null)
        .GroupBy(e => e.Step.Step)
        .Select(same => new Wire.TrainingStep(same.Last().Step) { Eta = null, TokensPerSecond = 0 });
}
