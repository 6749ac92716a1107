namespace SoftPromptGrpc.Core.Models;

/// <summary>
/// The canonical tensors of a decoder: Llama's names, matrices as [outputs, inputs]. Every reader delivers exactly these, and
/// every backend asks for exactly these.
/// </summary>
public static class DecoderTensors
{
    /// <summary>[VocabularySize, EmbeddingSize]. A sequence's rows are read by <see cref="TokenEmbeddings.ReadToken"/>.</summary>
    public const string TokenEmbedding = "embed_tokens.weight";

    /// <summary>[ContextLength, HiddenSize]; only with <see cref="PositionKind.Learned"/>.</summary>
    public const string PositionEmbedding = "embed_positions.weight";

    /// <summary>Only where <see cref="ModelSpec.EmbeddingSize"/> is not the hidden size: [HiddenSize, EmbeddingSize].</summary>
    public const string InputProjection = "project_in";

    /// <summary>The way back, behind the final norm: [EmbeddingSize, HiddenSize].</summary>
    public const string OutputProjection = "project_out";

    public const string EmbeddingNorm = "embed_layernorm";

    public const string FinalNorm = "norm";

    public const string Head = "lm_head";

    public static string InputNorm(int layer) => $"layers.{layer}.input_layernorm";

    /// <summary>The norm in front of the MLP, whether the residual is sequential or parallel.</summary>
    public static string MlpNorm(int layer) => $"layers.{layer}.post_attention_layernorm";

    public static string Query(int layer) => $"layers.{layer}.self_attn.q_proj";

    public static string Key(int layer) => $"layers.{layer}.self_attn.k_proj";

    public static string Value(int layer) => $"layers.{layer}.self_attn.v_proj";

    public static string AttentionOutput(int layer) => $"layers.{layer}.self_attn.o_proj";

    public static string Gate(int layer) => $"layers.{layer}.mlp.gate_proj";

    public static string Up(int layer) => $"layers.{layer}.mlp.up_proj";

    public static string Down(int layer) => $"layers.{layer}.mlp.down_proj";

    /// <summary>The norm of the attention's output; with <see cref="ResidualKind.PostNorm"/>, of the sum that it is added to.</summary>
    public static string AttentionOutputNorm(int layer) => $"layers.{layer}.self_attn.output_norm";

    /// <summary>The same for the MLP.</summary>
    public static string MlpOutputNorm(int layer) => $"layers.{layer}.mlp.output_norm";

    public static string QueryNorm(int layer) => $"layers.{layer}.self_attn.q_norm";

    public static string KeyNorm(int layer) => $"layers.{layer}.self_attn.k_norm";

    /// <summary>Every tensor that a model of this spec has, with its shape, in a fixed order.</summary>
    public static IReadOnlyList<(string Name, int[] Shape)> Of(DecoderSpec spec)
    {
        var list = new TensorList(spec);
        list.Matrix(TokenEmbedding, spec.VocabularySize, spec.EmbeddingSize);
        if (spec.Positions == PositionKind.Learned)
            list.Matrix(PositionEmbedding, spec.ContextLength, spec.HiddenSize);
        if (spec.EmbeddingSize != spec.HiddenSize)
            list.Linear(InputProjection, spec.HiddenSize, spec.EmbeddingSize, bias: false);
        if (spec.EmbeddingNorm)
            list.Norm(EmbeddingNorm, spec.HiddenSize);
        for (var layer = 0; layer < spec.LayerCount; layer++)
            list.Layer(layer);
        if (spec.FinalNorm)
            list.Norm(FinalNorm, spec.HiddenSize);
        if (spec.EmbeddingSize != spec.HiddenSize)
            list.Linear(OutputProjection, spec.EmbeddingSize, spec.HiddenSize, bias: false);
        if (!spec.TiedHead)
            list.Matrix($"{Head}.weight", spec.VocabularySize, spec.EmbeddingSize);
        if (spec.HeadBias)
            list.Vector($"{Head}.bias", spec.VocabularySize);
        return list.Tensors;
    }

    private sealed class TensorList(DecoderSpec spec)
    {
        public List<(string Name, int[] Shape)> Tensors { get; } = [];

        public void Matrix(string name, int rows, int columns) => Tensors.Add((name, [rows, columns]));

        public void Vector(string name, int length) => Tensors.Add((name, [length]));

        public void Linear(string name, int outputs, int inputs, bool bias)
        {
            Matrix($"{name}.weight", outputs, inputs);
            if (bias)
                Vector($"{name}.bias", outputs);
        }

        public void Norm(string name, int length)
        {
            Vector($"{name}.weight", length);
            if (spec is { Norm: NormKind.Layer, NormBias: true })
                Vector($"{name}.bias", length);
        }

        public void Layer(int layer)
        {
            var (inputs, outputs) = (spec.Residual.NormsInputs(), spec.Residual.NormsOutputs());
            if (inputs)
                Norm(InputNorm(layer), spec.HiddenSize);
            Attention(layer);
            if (outputs)
                Norm(AttentionOutputNorm(layer), spec.HiddenSize);
            if (inputs && spec.Residual != ResidualKind.ParallelOneNorm)
                Norm(MlpNorm(layer), spec.HiddenSize);
            if (spec.GatedMlp)
                Linear(Gate(layer), spec.MlpSize, spec.HiddenSize, spec.MlpBias);
            Linear(Up(layer), spec.MlpSize, spec.HiddenSize, spec.MlpBias);
            Linear(Down(layer), spec.HiddenSize, spec.MlpSize, spec.MlpBias);
            if (outputs)
                Norm(MlpOutputNorm(layer), spec.HiddenSize);
        }

        private void Attention(int layer)
        {
            var (queries, keys) = (spec.HeadCount * spec.HeadSize, spec.KeyValueHeadCount * spec.HeadSize);
            Linear(Query(layer), queries, spec.HiddenSize, spec.AttentionBias);
            Linear(Key(layer), keys, spec.HiddenSize, spec.AttentionBias);
            Linear(Value(layer), keys, spec.HiddenSize, spec.AttentionBias);
            if (spec.QueryKeyNorm != QueryKeyNormKind.None)
            {
                var perHead = spec.QueryKeyNorm == QueryKeyNormKind.PerHead;
                Norm(QueryNorm(layer), perHead ? spec.HeadSize : queries);
                Norm(KeyNorm(layer), perHead ? spec.HeadSize : keys);
            }
            Linear(AttentionOutput(layer), spec.HiddenSize, queries, spec.AttentionOutputBias);
        }
    }
}
