using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Server.Jobs.Planning;
using SoftPromptGrpc.Server.Prompts;
using SoftPromptGrpc.Server.Tests.Fakes;
using SoftPromptGrpc.Server.Tests.Storage;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Tests.Jobs;

public sealed class TrainingPlannerTests : IAsyncDisposable
{
    private readonly StoreFile _file = new();
    private readonly JobsHost _host;
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public TrainingPlannerTests() => _host = new JobsHost(
        _file, null, FakeModels.Create("tiny"), FakeModels.Create("ids", withTokenizer: false),
        FakeModels.Create("endless", withTokenizer: false) with { Generation = new GenerationDefaults(null, [], null) });

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _file.Dispose();
    }

    [Fact]
    public async Task Plan_OnlyNameAndExamples_FillsInTheDocumentedDefaults()
    {
        var planned = await PlanAsync(new() { Model = "tiny", Prompt = "p", Examples = Specs.Examples(40) });

        var expected = new Wire.TrainingSpec
        {
            Model = "tiny",
            Prompt = "p",
            Method = Wire.PromptMethod.PromptTuning,
            VirtualTokens = 20,
            Initialization = new() { SampledVocabulary = new() },
            Template = new() { Pattern = "{input}" },
            AppendEndOfSequence = true,
            Optimizer = new()
            {
                Kind = Wire.OptimizerKind.Adamw,
                LearningRate = 0.3,
                WeightDecay = 0,
                Beta1 = 0.9,
                Beta2 = 0.999,
                Epsilon = 1e-8,
                Momentum = 0.9,
            },
            Schedule = new() { Kind = Wire.ScheduleKind.Linear, WarmUpSteps = 18 },
            Epochs = 100, // 36 examples are left: 3 batches an epoch.
            BatchSize = 16,
            GradientAccumulationSteps = 1,
            MaxGradientNorm = 1,
            Evaluation = new() { SplitRatio = 0.1, Interval = 30 },
            Seed = 0,
            Shuffle = true,
            Backend = FakeTrainingBackend.DefaultName,
            CheckpointInterval = 50,
        };
        Assert.Equal(expected, planned.Spec);
        Assert.Equal((300, 36, 4), (planned.Plan.Steps, planned.Plan.Examples.Count, planned.Plan.EvaluationExamples.Count));
        Assert.Equal(new ScheduleSettings(ScheduleKind.Linear, 18), planned.Plan.Schedule);
        Assert.Equal(new OptimizerSettings(OptimizerKind.AdamW, 0.3), planned.Plan.Optimizer);
        Assert.Equal((1.0, true, 30), (planned.Plan.ClipNorm, planned.Plan.Shuffle, planned.Plan.Evaluation.Interval));
        Assert.Null(planned.Plan.Evaluation.Patience);
    }

    [Theory]
    [InlineData(1000, 16, 1, 6)] // 900 examples are left: 57 batches an epoch.
    [InlineData(10000, 16, 1, 3)]
    [InlineData(10, 16, 1, 300)]
    [InlineData(10, 1, 4, 120)]
    [InlineData(1, 1, 1024, 10000)]
    public async Task Plan_NoDuration_MakesThreeHundredSteps(int examples, int batch, int accumulation, int epochs)
    {
        var planned = await PlanAsync(new()
        {
            Model = "tiny",
            Prompt = "p",
            Examples = Specs.Examples(examples),
            BatchSize = batch,
            GradientAccumulationSteps = accumulation,
        });

        Assert.Equal(epochs, planned.Spec.Epochs);
        Assert.True(planned.Plan.Steps >= 300 || epochs == 10000);
    }

    [Fact]
    public async Task Plan_EpochsWithAccumulation_CountsOptimizerSteps()
    {
        var planned = await PlanAsync(Small(s => (s.Epochs, s.BatchSize, s.GradientAccumulationSteps) = (3, 3, 4)));

        Assert.Equal(2, planned.Plan.Steps); // 3 epochs of 2 batches, 4 to a step.
    }

    [Theory]
    [InlineData(Wire.OptimizerKind.Adafactor, 0.3)]
    [InlineData(Wire.OptimizerKind.Sgd, 1)]
    public async Task Plan_OtherOptimizer_HasItsOwnRate(Wire.OptimizerKind kind, double rate)
    {
        var planned = await PlanAsync(Small(s => s.Optimizer = new() { Kind = kind }));

        Assert.Equal(rate, planned.Plan.Optimizer.LearningRate);
    }

    [Fact]
    public async Task Plan_OfItsOwnStoredSpec_IsTheSamePlan()
    {
        var request = Small(s => (s.Examples, s.Seed) = (Specs.Examples(40), 7));
        var first = await PlanAsync(request);
        var stored = first.Spec.Clone();
        stored.Examples = request.Examples;

        var second = await PlanAsync(stored);

        Assert.Equal(first.Spec, second.Spec);
        Assert.Equal(first.Report, second.Report);
        Assert.Equal(first.Plan.Initial.ContentHash, second.Plan.Initial.ContentHash);
        Assert.Equal(first.Plan.Examples.Select(e => e.Input), second.Plan.Examples.Select(e => e.Input));
    }

    [Fact]
    public async Task Plan_Text_AppliesTheTemplateToInputsAndEndsTargets()
    {
        var planned = await PlanAsync(Small(s => s.Template = new() { Pattern = "Q{input}A" }));

        Assert.Equal([FakeTokenizer.Beginning, .. FakeTokenizer.IdsOf("Qin 0A")], planned.Plan.Examples[0].Input);
        Assert.Equal([.. FakeTokenizer.IdsOf("even"), FakeTokenizer.End], planned.Plan.Examples[0].Target);
    }

    [Fact]
    public async Task Plan_Ids_AreUsedAsTheyAre()
    {
        var planned = await PlanAsync(Small(s =>
        {
            (s.Model, s.AppendEndOfSequence, s.Template) = ("ids", false, new() { Pattern = "Q{input}" });
            s.Examples = new() { Examples = { new Wire.Example { Input = Specs.Ids(5, 6), Target = Specs.Ids(7) }, new Wire.Example { Target = Specs.Ids(8) } } };
        }));

        Assert.Equal([5, 6], planned.Plan.Examples[0].Input);
        Assert.Equal([7], planned.Plan.Examples[0].Target);
        Assert.Empty(planned.Plan.Examples[1].Input);
        Assert.Equal(1, planned.Report.EmptyInputCount);
    }

    [Fact]
    public async Task Plan_LongInput_IsCutAtItsBeginningAndCounted()
    {
        var planned = await PlanAsync(Small(s => s.Examples.Examples[1] = Specs.Example(new string('x', 100) + "end", "odd")));

        var example = planned.Plan.Examples[1];
        Assert.Equal(FakeModels.ContextLength, 2 + example.Input.Length + example.Target.Length);
        Assert.Equal(FakeTokenizer.IdsOf("end"), example.Input[^3..]);
        Assert.Equal(1, planned.Report.TruncatedCount);
        Assert.Equal(104, planned.Report.InputTokens.Max);
        Assert.Contains("1 of 4 inputs were truncated", planned.Report.Warnings);
    }

    [Fact]
    public async Task Plan_WithABackend_ReportsWhatItExpectsToNeed()
    {
        var planned = await PlanAsync(Small(_ => { }));

        var expected = _host.Backend.EstimatePeakBytes(planned.Plan.Model, planned.Plan.LargestBatch());
        Assert.Equal(expected, planned.Report.EstimatedPeakBytes);
        Assert.NotEqual(0, expected);
    }

    [Fact]
    public async Task Plan_SplitRatio_HoldsOutBySeedAndKeepsTheOrder()
    {
        async Task<PlannedTraining> Split(long seed) => await PlanAsync(Small(s =>
            (s.Examples, s.Seed, s.Evaluation) = (Specs.Examples(40), seed, new() { SplitRatio = 0.25 })));

        var (one, same, other) = (await Split(1), await Split(1), await Split(2));

        Assert.Equal((30, 10), (one.Plan.Examples.Count, one.Plan.EvaluationExamples.Count));
        Assert.Equal(Inputs(one), Inputs(same));
        Assert.NotEqual(Inputs(one), Inputs(other));
        Assert.Equal(40, one.Plan.Examples.Concat(one.Plan.EvaluationExamples).Select(e => string.Join(' ', e.Input)).Distinct().Count());
        Assert.Equal(one.Plan.Examples.Select(Number).Order(), one.Plan.Examples.Select(Number));

        static List<int> Inputs(PlannedTraining planned) => [.. planned.Plan.EvaluationExamples.Select(Number)];
        static int Number(TrainingExample e) => int.Parse(new FakeTokenizer().Decode(e.Input, true)[3..], null);
    }

    [Fact]
    public async Task Plan_OwnEvaluationExamples_HoldsNothingOut()
    {
        var planned = await PlanAsync(Small(s => (s.Examples, s.Evaluation) = (Specs.Examples(40), new() { Examples = Specs.Examples(3), SplitRatio = 0.5 })));

        Assert.Equal((40, 3), (planned.Plan.Examples.Count, planned.Plan.EvaluationExamples.Count));
        Assert.Equal(3, planned.Report.OverlapCount);
        Assert.Null(planned.Spec.Evaluation.Examples);
    }

    [Fact]
    public async Task Plan_Labels_AreTheDistinctTargetsUnlessGiven()
    {
        var byDefault = await PlanAsync(Small());
        var given = await PlanAsync(Small(s => s.Evaluation = new() { Labels = { Specs.Text("a"), Specs.Text("b"), Specs.Text("a") } }));
        var tooMany = await PlanAsync(Small(s => s.Examples = new()
        {
            Examples = { Enumerable.Range(0, 101).Select(i => Specs.Example("x", $"target {i}")) },
        }));

        Assert.Equal(["even", "odd"], byDefault.Plan.Evaluation.Labels.Select(Text));
        Assert.All(byDefault.Plan.Evaluation.Labels, l => Assert.Equal(FakeTokenizer.End, l[^1]));
        Assert.Equal(["a", "b"], given.Plan.Evaluation.Labels.Select(Text));
        Assert.Empty(tooMany.Plan.Evaluation.Labels);
        Assert.Empty(tooMany.Report.Labels);

        static string Text(int[] ids) => new FakeTokenizer().Decode(ids, skipSpecialTokens: true);
    }

    [Fact]
    public async Task Plan_Report_CountsWhatIsOdd()
    {
        var planned = await PlanAsync(Small(s => s.Examples = new()
        {
            Examples =
            {
                Specs.Example("a", "x"), Specs.Example("a", "x"), Specs.Example("a", "y"), Specs.Example("bb", "x"),
                new Wire.Example { Target = Specs.Text("x") },
            },
        }));

        var report = planned.Report;
        Assert.Equal((5, 0), (report.ExampleCount, report.EvaluationExampleCount));
        Assert.Equal((1, 3, 1, 0), (report.DuplicateCount, report.ContradictoryCount, report.EmptyInputCount, report.OverlapCount));
        Assert.Equal([("x", 4L), ("y", 1L)], report.Labels.Select(l => (l.Label.Text, l.Count)));
        Assert.Equal(new Wire.LengthSummary { Min = 0, P50 = 2, P90 = 3, P99 = 3, Max = 3, Mean = 1.8 }, report.InputTokens);
        Assert.Equal(2, report.TargetTokens.Max);
        Assert.Equal(64, report.Sha256.Length);
    }

    [Fact]
    public async Task Plan_ReportHash_DependsOnOrderAndContent()
    {
        async Task<string> Hash(params Wire.Example[] examples) =>
            (await PlanAsync(Small(s => s.Examples = new() { Examples = { examples } }))).Report.Sha256;

        var (a, b) = (Specs.Example("a", "x"), Specs.Example("b", "y"));

        Assert.Equal(await Hash(a, b), await Hash(a, b));
        Assert.NotEqual(await Hash(a, b), await Hash(b, a));
    }

    [Fact]
    public async Task Plan_RandomUniform_FollowsTheSeed()
    {
        async Task<TrainablePrompt> Initial(long seed) => (await PlanAsync(Small(s =>
            (s.Initialization, s.Seed) = (new() { RandomUniform = new() }, seed)))).Plan.Initial;

        Assert.Equal((await Initial(1)).ContentHash, (await Initial(1)).ContentHash);
        Assert.NotEqual((await Initial(1)).ContentHash, (await Initial(2)).ContentHash);
    }

    [Fact]
    public async Task Plan_FromPrompt_PinsTheVersion()
    {
        await AddPromptAsync("old", "tiny", 2);
        await AddPromptAsync("old", "tiny", 2);

        var planned = await PlanAsync(Small(s => s.Initialization = new() { FromPrompt = "old" }));

        Assert.Equal("old@2", planned.Spec.Initialization.FromPrompt);
        Assert.Equal([9, 9, 9, 9, 9, 9, 9, 9], planned.Plan.Initial.Tensors[0].Values);
    }

    [Fact]
    public async Task Plan_FromPromptOfAnotherModel_IsAPreconditionNamingBothFingerprints()
    {
        await AddPromptAsync("old", "ids", 2);

        var error = await RefusedAsync(Small(s => s.Initialization = new() { FromPrompt = "old" }));

        Assert.Equal(ErrorKind.Precondition, error.Kind);
        Assert.Contains(FakeModels.FingerprintOf("ids"), error.Message, StringComparison.Ordinal);
        Assert.Contains(FakeModels.FingerprintOf("tiny"), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_FromPromptOfAnotherSizeOrUnknown_IsRefused()
    {
        await AddPromptAsync("old", "tiny", 3);

        var size = await RefusedAsync(Small(s => s.Initialization = new() { FromPrompt = "old" }));
        var unknown = await RefusedAsync(Small(s => s.Initialization = new() { FromPrompt = "new" }));

        Assert.Equal("spec.initialization.from_prompt", Assert.Single(size.Violations).Field);
        Assert.Equal(ErrorKind.NotFound, unknown.Kind);
    }

    [Theory]
    [InlineData("text")]
    [InlineData("class_labels")]
    [InlineData("default_labels")]
    [InlineData("sampled")]
    public async Task Plan_OtherInitialisations_MakeAPrompt(string kind)
    {
        var planned = await PlanAsync(Small(s => s.Initialization = kind switch
        {
            "text" => new() { Text = Specs.Text("begin") },
            "class_labels" => new() { ClassLabels = new() { Labels = { Specs.Text("a") } } },
            "default_labels" => new() { ClassLabels = new() },
            _ => new() { SampledVocabulary = new() },
        }));

        Assert.Equal((2, 2 * FakeModels.HiddenSize), (planned.Plan.Initial.VirtualTokens, planned.Plan.Initial.Tensors[0].Values.Length));
    }

    [Fact]
    public async Task Plan_TextPrompt_IsPlannedForTheBaseline()
    {
        var planned = await PlanAsync(Small(s => s.Evaluation = new() { TextPrompt = Specs.Text("hey") }));

        Assert.Equal([FakeTokenizer.Beginning, .. FakeTokenizer.IdsOf("hey")], planned.Plan.TextPrompt!);
    }

    [Fact]
    public async Task Plan_ModelWithoutEnd_AppendsNothing()
    {
        var spec = Small(s => (s.Model, s.Examples) = ("endless", new() { Examples = { new Wire.Example { Target = Specs.Ids(7) } } }));

        var planned = await PlanAsync(spec);
        Assert.Equal([7], planned.Plan.Examples[0].Target);
        spec.AppendEndOfSequence = true;
        Assert.Equal("spec.append_end_of_sequence", Assert.Single((await RefusedAsync(spec)).Violations).Field);
    }

    private async Task AddPromptAsync(string name, string model, int virtualTokens)
    {
        float[] values = [.. Enumerable.Repeat(9f, virtualTokens * FakeModels.HiddenSize)];
        var numbers = new SoftPrompt(virtualTokens, FakeModels.HiddenSize, values, FakeModels.FingerprintOf(model));
        await _host.Prompts.AddAsync(new NewPrompt(name, model, numbers, TextTemplate.None, new Dictionary<string, string>(), _ => "{}"), _ct);
    }

    private Task<PlannedTraining> PlanAsync(Wire.TrainingSpec spec) => _host.Planner.PlanAsync(spec, _ct);

    private Task<SoftPromptException> RefusedAsync(Wire.TrainingSpec spec) => Assert.ThrowsAsync<SoftPromptException>(() => PlanAsync(spec));

    private static Wire.TrainingSpec Small(Action<Wire.TrainingSpec>? change = null) => Specs.Small(s =>
    {
        s.Model = "tiny";
        change?.Invoke(s);
    });
}
