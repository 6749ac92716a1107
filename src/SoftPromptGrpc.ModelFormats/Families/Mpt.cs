using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.ModelFormats.Families;

internal sealed class Mpt : IModelFamily
{
    public string ModelType => "mpt";

    public string Prefix => "transformer.";

    public DecoderSpec ReadSpec(ConfigReader config)
    {
        var hidden = config.Count("d_model", Limits.HiddenSize);
        var heads = config.Count("n_heads", Limits.Heads);
        var attention = config.Object("attn_config");
        config.Require("no_bias", true);
        if (config.Text("norm_type") is { } norm and not ("low_precision_layernorm" or "layernorm"))
            throw config.Unsupported("norm_type", norm);
        if (config.Has("logit_scale") && config.OptionalNumber("logit_scale") is not null)
            throw config.Unsupported("logit_scale", "a number");
        if (attention is not null)
            Check(attention);
        var spec = new DecoderSpec
        {
            ModelType = ModelType,
            VocabularySize = config.Count("vocab_size"),
            HiddenSize = hidden,
            LayerCount = config.Count("n_layers", Limits.Layers),
            HeadCount = heads,
            KeyValueHeadCount = heads,
            HeadSize = Limits.Divide("d_model", hidden, "n_heads", heads),
            MlpSize = 4 * hidden,
            ContextLength = config.Count("max_seq_len"),
            Norm = NormKind.Layer,
            NormEpsilon = config.OptionalNumber("layer_norm_epsilon") ?? 1e-5,
            NormBias = false,
            Positions = PositionKind.Alibi,
            Alibi = new AlibiSpec(AlibiSlopes.SecondsFirst(heads)),
            QueryKeyValueClip = attention?.OptionalNumber("clip_qkv"),
            Residual = ResidualKind.Sequential,
            Activation = ActivationKind.Gelu,
            GatedMlp = false,
            AttentionBias = false,
            AttentionOutputBias = false,
            MlpBias = false,
            TiedHead = config.Flag("tie_word_embeddings", true),
        };
        return attention?.OptionalNumber("softmax_scale") is { } scale ? spec with { AttentionScale = scale } : spec;
    }

    public TensorRecipe Locate(DecoderSpec spec, TensorName name)
    {
        var rows = FusedRows.Stacked(spec);
        return name.Module switch
        {
            "embed_tokens" => new("wte.weight"),
            "norm" => new($"norm_f.{name.Leaf}"),
            "lm_head" => new("lm_head.weight"),
            "input_layernorm" => Layer("norm_1"),
            "self_attn.q_proj" => Fused(rows.Queries),
            "self_attn.k_proj" => Fused(rows.Keys),
            "self_attn.v_proj" => Fused(rows.Values),
            "self_attn.o_proj" => Layer("attn.out_proj"),
            "post_attention_layernorm" => Layer("norm_2"),
            var projection => Layer(projection.Replace("mlp", "ffn", StringComparison.Ordinal)),
        };

        TensorRecipe Layer(string module) => new($"blocks.{name.Layer}.{module}.{name.Leaf}");

        TensorRecipe Fused(RowBlocks blocks) => Layer("attn.Wqkv") with { Rows = blocks };
    }

    private static void Check(ConfigReader attention)
    {
        attention.Require("alibi", true);
        attention.Require("qk_ln", false);
        attention.Require("prefix_lm", false);
        attention.Require("attn_uses_sequence_id", false);
        if (attention.Text("attn_type") is { } type and not "multihead_attention")
            throw attention.Unsupported("attn_type", type);
        if (attention.OptionalNumber("alibi_bias_max") is { } max && max != 8)
            throw attention.Unsupported("alibi_bias_max", "another number than 8");
    }
}
