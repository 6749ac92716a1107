using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.ModelFormats.Families;

internal sealed class Bart : IFamily<EncoderDecoderSpec>
{
    /// <summary>Rows of the position tables that no position uses.</summary>
    private const int PositionOffset = 2;

    public string ModelType => "bart";

    public string Prefix => "model.";

    public EncoderDecoderSpec ReadSpec(ConfigReader config)
    {
        config.Require("tie_word_embeddings", true);
        var hidden = config.Count("d_model", Limits.HiddenSize);
        var heads = OfBothHalves(config, "attention_heads", Limits.Heads);
        var headSize = Limits.Divide("d_model", hidden, "encoder_attention_heads", heads);
        return new EncoderDecoderSpec
        {
            ModelType = ModelType,
            VocabularySize = config.Count("vocab_size"),
            HiddenSize = hidden,
            LayerCount = config.Count("encoder_layers", Limits.Layers),
            DecoderLayerCount = config.Count("decoder_layers", Limits.Layers),
            HeadCount = heads,
            HeadSize = headSize,
            MlpSize = OfBothHalves(config, "ffn_dim", Limits.MlpSize),
            ContextLength = config.Count("max_position_embeddings"),
            Norm = NormKind.Layer,
            NormEpsilon = 1e-5,
            PostNorm = true,
            EmbeddingNorm = true,
            EmbeddingScale = config.Flag("scale_embedding", false) ? Math.Sqrt(hidden) : 1,
            Activation = config.Activation("activation_function", "gelu"),
            GatedMlp = false,
            Bias = true,
            AttentionScale = 1 / Math.Sqrt(headSize),
            TiedHead = true,
            HeadBias = true,
            DecoderStart = config.OptionalWhole("decoder_start_token_id") ?? 2,
        };
    }

    public TensorRecipe Locate(EncoderDecoderSpec spec, TensorName name)
    {
        return name.Module switch
        {
            "embed_tokens" => new("shared.weight"),
            "lm_head" => new("final_logits_bias"),
            "embed_positions" => new($"{name.Half}.embed_positions.weight")
            {
                Rows = new RowBlocks(PositionOffset, spec.ContextLength, spec.ContextLength + PositionOffset),
            },
            "embed_norm" => new($"{name.Half}.layernorm_embedding.{name.Leaf}"),
            "self_attn.norm" => Layer("self_attn_layer_norm"),
            "cross_attn.norm" => Layer("encoder_attn_layer_norm"),
            "mlp.up_proj" => Layer("fc1"),
            "mlp.down_proj" => Layer("fc2"),
            "mlp.norm" => Layer("final_layer_norm"),
            var projection => Layer(projection
                .Replace("cross_attn", "encoder_attn", StringComparison.Ordinal)
                .Replace("o_proj", "out_proj", StringComparison.Ordinal)),
        };

        TensorRecipe Layer(string module) => new($"{name.Half}.layers.{name.Layer}.{module}.{name.Leaf}");
    }

    /// <summary>What the encoder has and the decoder must have too.</summary>
    private static int OfBothHalves(ConfigReader config, string key, int max)
    {
        var (encoder, decoder) = (config.Count($"encoder_{key}", max), config.Count($"decoder_{key}", max));
        return encoder == decoder ? encoder : throw config.Unsupported($"decoder_{key}", $"another size than 'encoder_{key}'");
    }
}
