using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Server.Models;

namespace SoftPromptGrpc.Server.Tests.Fakes;

/// <summary>Models without a checkpoint: a spec, a tokenizer of one token per character, weights of zeros.</summary>
internal static class FakeModels
{
    public const int HiddenSize = 4;
    public const int ContextLength = 64;

    public static string FingerprintOf(string id) => $"fingerprint-of-{id}";

    public static DecoderSpec Spec { get; } = new()
    {
        ModelType = "fake",
        VocabularySize = FakeTokenizer.Size,
        HiddenSize = HiddenSize,
        LayerCount = 1,
        HeadCount = 1,
        KeyValueHeadCount = 1,
        HeadSize = 4,
        MlpSize = 8,
        ContextLength = ContextLength,
        Norm = NormKind.Rms,
        NormEpsilon = 1e-5,
        Positions = PositionKind.Learned,
        Residual = ResidualKind.Sequential,
        Activation = ActivationKind.Silu,
        GatedMlp = true,
        AttentionBias = false,
        AttentionOutputBias = false,
        MlpBias = false,
        TiedHead = true,
    };

    public static BaseModel Create(string id, bool withTokenizer = true) => new(
        id,
        FingerprintOf(id),
        Spec,
        new NoWeights(),
        withTokenizer ? new FakeTokenizer() : null,
        new GenerationDefaults(FakeTokenizer.Beginning, [FakeTokenizer.End], null),
        ParameterCount: 1000);

    private sealed class NoWeights : IModelWeights
    {
        public IReadOnlyList<int> Shape(string name) =>
            DecoderTensors.Of(Spec).Where(tensor => tensor.Name == name).Select(tensor => tensor.Shape).FirstOrDefault()
            ?? throw new KeyNotFoundException(name);

        public void Read(string name, Span<float> destination) => destination.Clear();

        public void ReadRow(string name, int row, Span<float> destination) => destination.Clear();

        public void Dispose()
        {
        }
    }
}

/// <summary>Reads any directory as a fake model. An id that begins with "broken" fails; one that ends in "-ids" has no tokenizer.</summary>
internal sealed class FakeModelReader : IModelReader
{
    public Task<BaseModel> ReadAsync(string id, string path, CancellationToken cancellationToken) => id switch
    {
        _ when id.StartsWith("broken", StringComparison.Ordinal) =>
            throw new Core.SoftPromptException(Core.ErrorKind.Corrupt, "config.json does not parse."),
        _ => Task.FromResult(FakeModels.Create(id, withTokenizer: !id.EndsWith("-ids", StringComparison.Ordinal))),
    };
}
