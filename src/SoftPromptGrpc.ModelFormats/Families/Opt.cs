using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.ModelFormats.Families;

/// <summary>OPT and Galactica. OPT-350m norms behind the sums and has embeddings narrower than its hidden states.</summary>
internal sealed class Opt : IModelFamily
{
    /// <summary>Rows of the position table that no position uses.</summary>
    private const int PositionOffset = 2;

    public string ModelType => "opt";

    public string Prefix => "model.";

    public DecoderSpec ReadSpec(ConfigReader config)
    {
        config.Require("layer_norm_elementwise_affine", true);
        var hidden = config.Count("hidden_size", Limits.HiddenSize);
        var heads = config.Count("num_attention_heads", Limits.Heads);
        var bias = config.Flag("enable_bias", true);
        var normBefore = config.Flag("do_layer_norm_before", true);
        return new DecoderSpec
        {
            ModelType = ModelType,
            VocabularySize = config.Count("vocab_size"),
            HiddenSize = hidden,
            EmbeddingSize = config.OptionalCount("word_embed_proj_dim", Limits.HiddenSize) ?? hidden,
            LayerCount = config.Count("num_hidden_layers", Limits.Layers),
            HeadCount = heads,
            KeyValueHeadCount = heads,
            HeadSize = Limits.Divide("hidden_size", hidden, "num_attention_heads", heads),
            MlpSize = config.Count("ffn_dim", Limits.MlpSize),
            ContextLength = config.Count("max_position_embeddings"),
            Norm = NormKind.Layer,
            NormEpsilon = 1e-5,
            Positions = PositionKind.Learned,
            Residual = normBefore ? ResidualKind.Sequential : ResidualKind.PostNorm,
            FinalNorm = normBefore && !config.Flag("_remove_final_layer_norm", false),
            Activation = config.Activation("activation_function", "relu"),
            GatedMlp = false,
            AttentionBias = bias,
            AttentionOutputBias = bias,
            MlpBias = bias,
            TiedHead = config.Flag("tie_word_embeddings", true),
        };
    }

    public TensorRecipe Locate(DecoderSpec spec, TensorName name)
    {
        return name.Module switch
        {
            "embed_positions" => new("decoder.embed_positions.weight")
            {
                Rows = new RowBlocks(PositionOffset, spec.ContextLength, PositionOffset + spec.ContextLength),
            },
            "norm" => new($"decoder.final_layer_norm.{name.Leaf}"),
            "lm_head" => new("lm_head.weight"),
            "input_layernorm" or "self_attn.output_norm" => Layer("self_attn_layer_norm"),
            "post_attention_layernorm" or "mlp.output_norm" => Layer("final_layer_norm"),
            "self_attn.o_proj" => Layer("self_attn.out_proj"),
            "mlp.up_proj" => Layer("fc1"),
            "mlp.down_proj" => Layer("fc2"),
            var module => name.Layer is null ? new($"decoder.{module}.{name.Leaf}") : Layer(module),
        };

        TensorRecipe Layer(string module) => new($"decoder.layers.{name.Layer}.{module}.{name.Leaf}");
    }
}
