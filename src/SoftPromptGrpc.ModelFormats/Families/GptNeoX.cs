using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.ModelFormats.Families;

/// <summary>GPT-NeoX and Pythia.</summary>
internal sealed class GptNeoX : IModelFamily
{
    public string ModelType => "gpt_neox";

    public string Prefix => "gpt_neox.";

    public DecoderSpec ReadSpec(ConfigReader config)
    {
        var hidden = config.Count("hidden_size", Limits.HiddenSize);
        var heads = config.Count("num_attention_heads", Limits.Heads);
        var headSize = Limits.Divide("hidden_size", hidden, "num_attention_heads", heads);
        var attentionBias = config.Flag("attention_bias", true);
        return new DecoderSpec
        {
            ModelType = ModelType,
            VocabularySize = config.Count("vocab_size"),
            HiddenSize = hidden,
            LayerCount = config.Count("num_hidden_layers", Limits.Layers),
            HeadCount = heads,
            KeyValueHeadCount = heads,
            HeadSize = headSize,
            MlpSize = config.Count("intermediate_size", Limits.MlpSize),
            ContextLength = config.Count("max_position_embeddings"),
            Norm = NormKind.Layer,
            NormEpsilon = config.OptionalNumber("layer_norm_eps") ?? 1e-5,
            Positions = PositionKind.Rotary,
            Rotary = RotaryConfig.Read(config, headSize, defaultFraction: 0.25, baseKeys: ["rotary_emb_base"], fractionKeys: ["rotary_pct"]),
            Residual = config.Flag("use_parallel_residual", true) ? ResidualKind.Parallel : ResidualKind.Sequential,
            Activation = config.Activation("hidden_act", "gelu"),
            GatedMlp = false,
            AttentionBias = attentionBias,
            AttentionOutputBias = attentionBias,
            MlpBias = true,
            TiedHead = config.Flag("tie_word_embeddings", false),
        };
    }

    public TensorRecipe Locate(DecoderSpec spec, TensorName name)
    {
        var rows = FusedRows.Grouped(spec);
        return name.Module switch
        {
            "embed_tokens" => new("embed_in.weight"),
            "norm" => new($"final_layer_norm.{name.Leaf}"),
            "lm_head" => new("embed_out.weight"),
            "self_attn.q_proj" => Fused(rows.Queries),
            "self_attn.k_proj" => Fused(rows.Keys),
            "self_attn.v_proj" => Fused(rows.Values),
            "self_attn.o_proj" => new(Layer("attention.dense")),
            "mlp.up_proj" => new(Layer("mlp.dense_h_to_4h")),
            "mlp.down_proj" => new(Layer("mlp.dense_4h_to_h")),
            _ => new(Layer(name.Module)),
        };

        string Layer(string module) => $"layers.{name.Layer}.{module}.{name.Leaf}";

        TensorRecipe Fused(RowBlocks blocks) => new(Layer("attention.query_key_value"), Rows: blocks);
    }
}
