using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.ModelFormats.Families;

/// <summary>T5 v1.0, v1.1 and what was tuned from them (FLAN-T5).</summary>
internal sealed class T5 : IFamily<EncoderDecoderSpec>
{
    /// <summary>Relative positions have no end: this one bounds the memory of one sequence.</summary>
    private const int ContextLength = 2048;

    public string ModelType => "t5";

    public string Prefix => "";

    public EncoderDecoderSpec ReadSpec(ConfigReader config)
    {
        var hidden = config.Count("d_model", Limits.HiddenSize);
        var layers = config.Count("num_layers", Limits.Layers);
        // Newer files say "tied" of every model and have a flag of its own for what tying once meant.
        var tied = config.Flag("scale_decoder_outputs", config.Flag("tie_word_embeddings", true));
        var mlp = config.Text("feed_forward_proj") ?? "relu";
        return new EncoderDecoderSpec
        {
            ModelType = ModelType,
            VocabularySize = config.Count("vocab_size"),
            HiddenSize = hidden,
            LayerCount = layers,
            DecoderLayerCount = config.OptionalCount("num_decoder_layers", Limits.Layers) ?? layers,
            HeadCount = config.Count("num_heads", Limits.Heads),
            HeadSize = config.Count("d_kv", Limits.HeadSize),
            MlpSize = config.Count("d_ff", Limits.MlpSize),
            ContextLength = ContextLength,
            Norm = NormKind.Rms,
            NormEpsilon = config.OptionalNumber("layer_norm_epsilon") ?? 1e-6,
            PostNorm = false,
            EmbeddingNorm = false,
            RelativePositions = ReadPositions(config),
            Activation = config.Activation("dense_act_fn", mlp == "gated-gelu" ? "gelu_new" : mlp.Split('-')[^1]),
            GatedMlp = config.Flag("is_gated_act", mlp.StartsWith("gated-", StringComparison.Ordinal)),
            Bias = false,
            AttentionScale = 1,
            TiedHead = tied,
            HeadScale = tied ? Math.Pow(hidden, -0.5) : 1,
            DecoderStart = config.OptionalWhole("decoder_start_token_id") ?? throw config.Missing("decoder_start_token_id"),
        };
    }

    public TensorRecipe Locate(EncoderDecoderSpec spec, TensorName name)
    {
        return name.Module switch
        {
            "embed_tokens" => new("shared.weight"),
            "lm_head" => new("lm_head.weight"),
            "norm" => new($"{name.Half}.final_layer_norm.weight"),
            "relative_positions" => new($"{name.Half}.block.0.layer.0.SelfAttention.relative_attention_bias.weight"),
            "mlp.gate_proj" => Mlp("DenseReluDense.wi_0"),
            "mlp.up_proj" => Mlp(spec.GatedMlp ? "DenseReluDense.wi_1" : "DenseReluDense.wi"),
            "mlp.down_proj" => Mlp("DenseReluDense.wo"),
            "mlp.norm" => Mlp("layer_norm"),
            "self_attn.norm" => Sublayer(0, "layer_norm"),
            "cross_attn.norm" => Sublayer(1, "layer_norm"),
            var projection when projection.StartsWith("self_attn.", StringComparison.Ordinal) => Sublayer(0, $"SelfAttention.{projection[10]}"),
            var projection => Sublayer(1, $"EncDecAttention.{projection[11]}"),
        };

        TensorRecipe Sublayer(int index, string module) => new($"{name.Half}.block.{name.Layer}.layer.{index}.{module}.weight");

        TensorRecipe Mlp(string module) => Sublayer(name.Half == EncoderDecoderTensors.Decoder ? 2 : 1, module);
    }

    private static RelativePositions ReadPositions(ConfigReader config)
    {
        var positions = new RelativePositions(
            config.OptionalCount("relative_attention_num_buckets", Limits.Buckets) ?? 32,
            config.OptionalCount("relative_attention_max_distance") ?? 128);
        return positions.BucketCount >= 4 && positions.MaxDistance > positions.BucketCount / 2 ? positions : throw new SoftPromptException(
            ErrorKind.Corrupt, "'relative_attention_num_buckets' in config.json is below 4 or 'relative_attention_max_distance' too small.");
    }
}
