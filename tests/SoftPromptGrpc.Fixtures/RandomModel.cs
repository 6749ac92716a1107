using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Fixtures;

/// <summary>Seeded normal weights for any spec: for what must hold whatever the numbers are.</summary>
public sealed class RandomModel : IModelWeights
{
    private readonly Dictionary<string, (int[] Shape, float[] Values)> _tensors = [];

    private RandomModel(DecoderSpec spec)
    {
        var random = new SeededRandom(7);
        foreach (var (name, shape) in DecoderTensors.Of(spec))
        {
            var values = new float[shape.Aggregate(1, (a, b) => a * b)];
            var isNorm = shape.Length == 1 && name.EndsWith(".weight", StringComparison.Ordinal);
            for (var i = 0; i < values.Length; i++)
                values[i] = (float)(random.NextNormal() / Math.Sqrt(shape[^1])) + (isNorm ? 1 : 0);
            _tensors.Add(name, (shape, values));
        }
    }

    /// <summary>A grouped-query, rotary, gated model whose sizes are no multiples of anything.</summary>
    public static DecoderSpec Small { get; } = new()
    {
        ModelType = "random",
        VocabularySize = 203,
        HiddenSize = 72,
        LayerCount = 2,
        HeadCount = 6,
        KeyValueHeadCount = 2,
        HeadSize = 12,
        MlpSize = 101,
        ContextLength = 300,
        Norm = NormKind.Rms,
        NormEpsilon = 1e-5,
        Positions = PositionKind.Rotary,
        Rotary = new(10000, 12),
        Residual = ResidualKind.Sequential,
        Activation = ActivationKind.Silu,
        GatedMlp = true,
        AttentionBias = false,
        AttentionOutputBias = false,
        MlpBias = false,
        TiedHead = true,
    };

    /// <summary>A model with learned positions, biases and the activation.</summary>
    public static DecoderSpec Learned(ActivationKind activation) => Small with
    {
        Norm = NormKind.Layer,
        Positions = PositionKind.Learned,
        Rotary = null,
        Activation = activation,
        GatedMlp = false,
        AttentionBias = true,
        AttentionOutputBias = true,
        MlpBias = true,
        TiedHead = false,
    };

    public static BaseModel Create(DecoderSpec spec, string fingerprint = "feed") =>
        new("random", fingerprint, spec, new RandomModel(spec), null, new(null, [], null), 0);

    public static SoftPrompt Prompt(DecoderSpec spec, int virtualTokens, ulong seed) =>
        new(virtualTokens, spec.EmbeddingSize, Numbers(virtualTokens * spec.EmbeddingSize, seed), "feed");

    public static KeyValuePrefix Prefix(DecoderSpec spec, int virtualTokens, ulong seed)
    {
        var (layers, heads, size) = (spec.LayerCount, spec.KeyValueHeadCount, spec.HeadSize);
        return new(layers, heads, virtualTokens, size, Numbers(layers * 2 * heads * virtualTokens * size, seed), "feed");
    }

    public static int[] Tokens(DecoderSpec spec, int count, ulong seed)
    {
        var random = new SeededRandom(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(spec.VocabularySize))];
    }

    private static float[] Numbers(int count, ulong seed)
    {
        var random = new SeededRandom(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)random.NextNormal())];
    }

    public IReadOnlyList<int> Shape(string name) => _tensors[name].Shape;

    public void Read(string name, Span<float> destination) => _tensors[name].Values.CopyTo(destination);

    public void ReadRow(string name, int row, Span<float> destination) =>
        _tensors[name].Values.AsSpan(row * destination.Length, destination.Length).CopyTo(destination);

    public void Dispose()
    {
    }
}
