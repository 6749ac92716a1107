namespace SoftPromptGrpc.Core.Models;

/// <summary>
/// The canonical tensors of an encoder-decoder, matrices as [outputs, inputs]. Those of a half begin with its name. Every reader
/// delivers exactly these, and every backend asks for exactly these.
/// </summary>
public static class EncoderDecoderTensors
{
    public const string Encoder = "encoder";
    public const string Decoder = "decoder";

    /// <summary>Of both halves, and the same name as a decoder's.</summary>
    public const string TokenEmbedding = DecoderTensors.TokenEmbedding;

    public const string Head = DecoderTensors.Head;

    /// <summary>[ContextLength, HiddenSize]; only with learned positions.</summary>
    public static string PositionEmbedding(string half) => $"{half}.embed_positions.weight";

    /// <summary>[buckets, heads]; only with <see cref="EncoderDecoderSpec.RelativePositions"/>.</summary>
    public static string RelativePositionBias(string half) => $"{half}.relative_positions.weight";

    public static string EmbeddingNorm(string half) => $"{half}.embed_norm";

    public static string FinalNorm(string half) => $"{half}.norm";

    public static string SelfAttention(string half, int layer) => $"{half}.layers.{layer}.self_attn";

    /// <summary>Queries from the decoder, keys and values from the encoder's output.</summary>
    public static string CrossAttention(int layer) => $"{Decoder}.layers.{layer}.cross_attn";

    public static string Mlp(string half, int layer) => $"{half}.layers.{layer}.mlp";

    /// <summary>The norm in front of a sublayer or, with <see cref="EncoderDecoderSpec.PostNorm"/>, behind its sum.</summary>
    public static string NormOf(string sublayer) => $"{sublayer}.norm";

    public static string Query(string attention) => $"{attention}.q_proj";

    public static string Key(string attention) => $"{attention}.k_proj";

    public static string Value(string attention) => $"{attention}.v_proj";

    public static string Output(string attention) => $"{attention}.o_proj";

    public static string Gate(string mlp) => $"{mlp}.gate_proj";

    public static string Up(string mlp) => $"{mlp}.up_proj";

    public static string Down(string mlp) => $"{mlp}.down_proj";

    /// <summary>Every tensor that a model of this spec has, with its shape, in a fixed order.</summary>
    public static IReadOnlyList<(string Name, int[] Shape)> Of(EncoderDecoderSpec spec)
    {
        var tensors = new TensorList(spec);
        tensors.Add(TokenEmbedding, spec.VocabularySize, spec.HiddenSize);
        foreach (var (half, layers) in new[] { (Encoder, spec.LayerCount), (Decoder, spec.DecoderLayerCount) })
        {
            tensors.AddPositions(half);
            for (var layer = 0; layer < layers; layer++)
            {
                tensors.AddAttention(SelfAttention(half, layer));
                if (half == Decoder)
                    tensors.AddAttention(CrossAttention(layer));
                tensors.AddMlp(Mlp(half, layer));
            }
            if (!spec.PostNorm)
                tensors.AddNorm(FinalNorm(half));
        }
        if (!spec.TiedHead)
            tensors.Add($"{Head}.weight", spec.VocabularySize, spec.HiddenSize);
        if (spec.HeadBias)
            tensors.Add($"{Head}.bias", 1, spec.VocabularySize);
        return tensors.Tensors;
    }

    private sealed class TensorList(EncoderDecoderSpec spec)
    {
        private readonly int _inner = spec.HeadCount * spec.HeadSize;

        public List<(string Name, int[] Shape)> Tensors { get; } = [];

        public void Add(string name, params int[] shape) => Tensors.Add((name, shape));

        public void AddPositions(string half)
        {
            if (spec.RelativePositions is { } relative)
                Add(RelativePositionBias(half), relative.BucketCount, spec.HeadCount);
            else
                Add(PositionEmbedding(half), spec.ContextLength, spec.HiddenSize);
            if (spec.EmbeddingNorm)
                AddNorm(EmbeddingNorm(half));
        }

        public void AddAttention(string name)
        {
            AddLinear(Query(name), _inner, spec.HiddenSize);
            AddLinear(Key(name), _inner, spec.HiddenSize);
            AddLinear(Value(name), _inner, spec.HiddenSize);
            AddLinear(Output(name), spec.HiddenSize, _inner);
            AddNorm(NormOf(name));
        }

        public void AddMlp(string name)
        {
            if (spec.GatedMlp)
                AddLinear(Gate(name), spec.MlpSize, spec.HiddenSize);
            AddLinear(Up(name), spec.MlpSize, spec.HiddenSize);
            AddLinear(Down(name), spec.HiddenSize, spec.MlpSize);
            AddNorm(NormOf(name));
        }

        public void AddNorm(string name)
        {
            Add($"{name}.weight", spec.HiddenSize);
            if (spec.Norm == NormKind.Layer)
                Add($"{name}.bias", spec.HiddenSize);
        }

        private void AddLinear(string name, int outputs, int inputs)
        {
            Add($"{name}.weight", outputs, inputs);
            if (spec.Bias)
                Add($"{name}.bias", outputs);
        }
    }
}
