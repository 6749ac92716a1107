using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Conformance;

/// <summary>Small random models in memory, for what needs no golden figures.</summary>
public static class TinyModel
{
    public const int VocabularySize = 40;

    /// <summary>Rotary, grouped queries, gated MLP, RMS norm, untied head.</summary>
    public static BaseModel Llama(int seed = 1) => Create(
        seed,
        new DecoderSpec
        {
            ModelType = "llama",
            VocabularySize = VocabularySize,
            HiddenSize = 16,
            LayerCount = 2,
            HeadCount = 4,
            KeyValueHeadCount = 2,
            HeadSize = 4,
            MlpSize = 24,
            ContextLength = 32,
            Norm = NormKind.Rms,
            NormEpsilon = 1e-5,
            Positions = PositionKind.Rotary,
            Rotary = new RotarySpec(10_000, 4),
            Residual = ResidualKind.Sequential,
            Activation = ActivationKind.Silu,
            GatedMlp = true,
            AttentionBias = false,
            AttentionOutputBias = false,
            MlpBias = false,
            TiedHead = false,
        });

    /// <summary>Learned positions, biases, layer norm, tied head.</summary>
    public static BaseModel Gpt2(int seed = 1) => Create(
        seed,
        new DecoderSpec
        {
            ModelType = "gpt2",
            VocabularySize = VocabularySize,
            HiddenSize = 16,
            LayerCount = 2,
            HeadCount = 2,
            KeyValueHeadCount = 2,
            HeadSize = 8,
            MlpSize = 32,
            ContextLength = 32,
            Norm = NormKind.Layer,
            NormEpsilon = 1e-5,
            Positions = PositionKind.Learned,
            Residual = ResidualKind.Sequential,
            Activation = ActivationKind.GeluTanh,
            GatedMlp = false,
            AttentionBias = true,
            AttentionOutputBias = true,
            MlpBias = true,
            TiedHead = true,
        });

    /// <summary>Matrices normal with standard deviation 1 / sqrt(inputs), norms around 1, biases around 0.</summary>
    public static BaseModel Create(int seed, DecoderSpec spec)
    {
        var weights = new ArrayWeights(spec, seed);
        return new BaseModel(
            $"tiny-{spec.ModelType}", $"{spec.ModelType}-{seed}", spec, weights, Tokenizer: null,
            new GenerationDefaults(1, [2], 0), weights.Count);
    }

    private sealed class ArrayWeights : IModelWeights
    {
        private readonly Dictionary<string, (int[] Shape, float[] Values)> _tensors = [];

        public ArrayWeights(DecoderSpec spec, int seed)
        {
            var random = SeededRandom.For(seed, 0);
            foreach (var (name, shape) in DecoderTensors.Of(spec))
            {
                var (mean, deviation) = shape.Length > 1 ? (0, 1 / Math.Sqrt(shape[^1])) : (name.EndsWith(".bias", StringComparison.Ordinal) ? 0 : 1, 0.1);
                var values = new float[shape.Aggregate(1, (product, length) => product * length)];
                for (var i = 0; i < values.Length; i++)
                    values[i] = (float)(mean + deviation * random.NextNormal());
                _tensors.Add(name, (shape, values));
            }
        }

        public long Count => _tensors.Values.Sum(tensor => tensor.Values.LongLength);

        public IReadOnlyList<int> Shape(string name) => _tensors[name].Shape;

        public void Read(string name, Span<float> destination) => _tensors[name].Values.CopyTo(destination);

        public void ReadRow(string name, int row, Span<float> destination) =>
            _tensors[name].Values.AsSpan(row * destination.Length, destination.Length).CopyTo(destination);

        public void Dispose()
        {
        }
    }
}
