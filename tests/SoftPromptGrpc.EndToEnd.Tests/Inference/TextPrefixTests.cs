using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Core.Training.Methods;
using SoftPromptGrpc.Fixtures;
using SoftPromptGrpc.ModelFormats.Adapters;

namespace SoftPromptGrpc.EndToEnd.Tests.Inference;

/// <summary>
/// An adapter of a row's first keys and values, as every family computes them: behind it the rest of the row has the figures of
/// transformers for the whole row.
/// </summary>
public sealed class TextPrefixTests : IDisposable
{
    private const int PrefixTokens = 4;
    private const float Tolerance = 5e-5f;

    private readonly BackendServices _services = new();
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(CausalModels.Complete), MemberType = typeof(CausalModels))]
    public async Task Run_BehindAnImportedPrefixOfItsOwnText_GivesTheGoldenLogitsOfTheWhole(string name)
    {
        var golden = new CausalGoldens(name);
        var model = Goldens.LoadModel(name);
        using var weights = model.Weights;
        var row = golden.Rows[0];
        var prefix = Imported(await PrefixOfAsync(model, row[..PrefixTokens]));

        foreach (var backend in _services.All<IInferenceBackend>())
        {
            using var session = await backend.OpenAsync(model, _ct);
            using var sequence = session.Open(prefix, row.Length);
            var logits = session.Run([new(sequence, row.AsMemory(PrefixTokens), row.Length - PrefixTokens)]);
            for (var i = PrefixTokens; i < row.Length; i++)
                AssertClose(golden.Forward.At(0, i), logits.Row(0, i - PrefixTokens));
        }
    }

    public void Dispose() => _services.Dispose();

    /// <summary>What prefix tuning begins with; the one step changes nothing.</summary>
    private async Task<KeyValuePrefix> PrefixOfAsync(BaseModel model, int[] text)
    {
        var method = new PrefixTuning();
        var plan = new TrainingPlan
        {
            Model = model,
            Method = method,
            Initial = new TrainableInitializer(model, text.Length, seed: 0).ZeroPrefix(method),
            InitialText = text,
            Examples = [new TrainingExample([5], [6])],
            Evaluation = new EvaluationSettings(1, Patience: null, Labels: []),
            Optimizer = new OptimizerSettings(OptimizerKind.Sgd, LearningRate: 0),
            Schedule = new ScheduleSettings(ScheduleKind.Constant),
            Steps = 1,
            BatchSize = 1,
            Seed = 0,
            CheckpointInterval = 1,
        };
        var trained = await Assert.Single(_services.All<ITrainingBackend>()).TrainAsync(plan, null, new Progress<TrainingEvent>(), _ct);
        return Assert.IsType<KeyValuePrefix>(trained.Prompt);
    }

    private static ServedPrompt Imported(KeyValuePrefix prefix)
    {
        var config = new PeftPromptConfig(prefix.VirtualTokens, prefix.Width, prefix.LayerCount, prefix.HeadCount, BaseModelName: null)
        {
            Method = PromptMethod.PrefixTuning,
        };
        using var zip = new MemoryStream();
        PeftAdapterWriter.WriteZip(new PeftAdapter(config, PrefixLayout.ToRows(prefix), SideFile: null), zip);
        return PeftAdapterReader.ReadZip(zip.ToArray()).ToPrompt(prefix.ModelFingerprint);
    }

    private static void AssertClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        for (var i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], Tolerance);
    }
}
