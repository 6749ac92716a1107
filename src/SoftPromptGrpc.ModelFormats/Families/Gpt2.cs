using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.ModelFormats.Families;

internal sealed class Gpt2 : IModelFamily
{
    public string ModelType => "gpt2";

    public string Prefix => "transformer.";

    public DecoderSpec ReadSpec(ConfigReader config)
    {
        config.Require("scale_attn_weights", true);
        config.Require("scale_attn_by_inverse_layer_idx", false);
        config.Require("add_cross_attention", false);
        var hidden = config.Count("n_embd", Limits.HiddenSize);
        var heads = config.Count("n_head", Limits.Heads);
        return new DecoderSpec
        {
            ModelType = ModelType,
            VocabularySize = config.Count("vocab_size"),
            HiddenSize = hidden,
            LayerCount = config.Count("n_layer", Limits.Layers),
            HeadCount = heads,
            KeyValueHeadCount = heads,
            HeadSize = Limits.Divide("n_embd", hidden, "n_head", heads),
            MlpSize = config.OptionalCount("n_inner", Limits.MlpSize) ?? 4 * hidden,
            ContextLength = config.Count("n_positions"),
            Norm = NormKind.Layer,
            NormEpsilon = config.OptionalNumber("layer_norm_epsilon") ?? 1e-5,
            Positions = PositionKind.Learned,
            Residual = ResidualKind.Sequential,
            Activation = config.Activation("activation_function", "gelu_new"),
            GatedMlp = false,
            AttentionBias = true,
            AttentionOutputBias = true,
            MlpBias = true,
            TiedHead = config.Flag("tie_word_embeddings", true),
        };
    }

    public TensorRecipe Locate(DecoderSpec spec, TensorName name)
    {
        var rows = FusedRows.Stacked(spec);
        return name.Module switch
        {
            "embed_tokens" => new("wte.weight"),
            "embed_positions" => new("wpe.weight"),
            "norm" => new($"ln_f.{name.Leaf}"),
            "input_layernorm" => new(Layer("ln_1")),
            "self_attn.q_proj" => Fused(rows.Queries),
            "self_attn.k_proj" => Fused(rows.Keys),
            "self_attn.v_proj" => Fused(rows.Values),
            "self_attn.o_proj" => Conv1D("attn.c_proj"),
            "post_attention_layernorm" => new(Layer("ln_2")),
            "mlp.up_proj" => Conv1D("mlp.c_fc"),
            "mlp.down_proj" => Conv1D("mlp.c_proj"),
            _ => new($"{name.Module}.{name.Leaf}"),
        };

        string Layer(string module) => $"h.{name.Layer}.{module}.{name.Leaf}";

        TensorRecipe Conv1D(string module) => new(Layer(module), Transposed: name.IsWeight);

        TensorRecipe Fused(RowBlocks blocks) => Conv1D("attn.c_attn") with { Rows = blocks };
    }
}
