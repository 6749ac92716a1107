namespace SoftPromptGrpc.Core.Models;

/// <summary>
/// The canonical tensors of a decoder: Llama's names, matrices as [outputs, inputs]. Every reader delivers exactly these, and
/// every backend asks for exactly these.
/// </summary>
public static class DecoderTensors
{
    public const string TokenEmbedding = "embed_tokens.weight";

    /// <summary>[ContextLength, HiddenSize]; only with <see cref="PositionKind.Learned"/>.</summary>
    public const string PositionEmbedding = "embed_positions.weight";

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

    /// <summary>Every tensor that a model of this spec has, with its shape, in a fixed order.</summary>
    public static IReadOnlyList<(string Name, int[] Shape)> Of(DecoderSpec spec)
    {
        var tensors = new List<(string, int[])> { (TokenEmbedding, [spec.VocabularySize, spec.HiddenSize]) };
        if (spec.Positions == PositionKind.Learned)
            tensors.Add((PositionEmbedding, [spec.ContextLength, spec.HiddenSize]));
        var (queries, keys) = (spec.HeadCount * spec.HeadSize, spec.KeyValueHeadCount * spec.HeadSize);
        for (var layer = 0; layer < spec.LayerCount; layer++)
        {
            Norm(InputNorm(layer));
            Linear(Query(layer), queries, spec.HiddenSize, spec.AttentionBias);
            Linear(Key(layer), keys, spec.HiddenSize, spec.AttentionBias);
            Linear(Value(layer), keys, spec.HiddenSize, spec.AttentionBias);
            Linear(AttentionOutput(layer), spec.HiddenSize, queries, spec.AttentionOutputBias);
            Norm(MlpNorm(layer));
            if (spec.GatedMlp)
                Linear(Gate(layer), spec.MlpSize, spec.HiddenSize, spec.MlpBias);
            Linear(Up(layer), spec.MlpSize, spec.HiddenSize, spec.MlpBias);
            Linear(Down(layer), spec.HiddenSize, spec.MlpSize, spec.MlpBias);
        }
        Norm(FinalNorm);
        if (!spec.TiedHead)
            Linear(Head, spec.VocabularySize, spec.HiddenSize, bias: false);
        return tensors;

        void Norm(string name)
        {
            tensors.Add(($"{name}.weight", [spec.HiddenSize]));
            if (spec.Norm == NormKind.Layer)
                tensors.Add(($"{name}.bias", [spec.HiddenSize]));
        }

        void Linear(string name, int outputs, int inputs, bool bias)
        {
            tensors.Add(($"{name}.weight", [outputs, inputs]));
            if (bias)
                tensors.Add(($"{name}.bias", [outputs]));
        }
    }
}
