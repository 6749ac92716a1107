using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.ModelFormats.Families;

/// <summary>What the families that descend from Llama share: RMS norms, full rotary positions, a gated MLP, canonical names.</summary>
internal static class LlamaLike
{
    public const string Prefix = "model.";

    /// <param name="keyValueHeads">Where config.json does not say; null: as many as heads.</param>
    /// <param name="headSize">Where config.json does not say; null: the heads share the hidden size.</param>
    /// <param name="rotary">From the head size; null: as Llama reads it, which rotates the whole head.</param>
    /// <param name="activation">Where config.json does not say.</param>
    public static DecoderSpec ReadSpec(
        ConfigReader config, string modelType, int? keyValueHeads = null, int? headSize = null,
        Func<int, RotarySpec>? rotary = null, string activation = "silu")
    {
        var hidden = config.Count("hidden_size", Limits.HiddenSize);
        var heads = config.Count("num_attention_heads", Limits.Heads);
        var size = config.OptionalCount("head_dim", Limits.HeadSize) ?? headSize
            ?? Limits.Divide("hidden_size", hidden, "num_attention_heads", heads);
        var groups = config.OptionalCount("num_key_value_heads", Limits.Heads)
            ?? (config.Has("num_key_value_heads") ? null : keyValueHeads) ?? heads;
        Limits.Divide("num_attention_heads", heads, "num_key_value_heads", groups);
        return new DecoderSpec
        {
            ModelType = modelType,
            VocabularySize = config.Count("vocab_size"),
            HiddenSize = hidden,
            LayerCount = config.Count("num_hidden_layers", Limits.Layers),
            HeadCount = heads,
            KeyValueHeadCount = groups,
            HeadSize = size,
            MlpSize = config.Count("intermediate_size", Limits.MlpSize),
            ContextLength = config.Count("max_position_embeddings"),
            Norm = NormKind.Rms,
            NormEpsilon = config.OptionalNumber("rms_norm_eps") ?? 1e-6,
            Positions = PositionKind.Rotary,
            Rotary = rotary is null ? WholeHead(config, size) : rotary(size),
            Residual = ResidualKind.Sequential,
            Activation = config.Activation("hidden_act", activation),
            GatedMlp = true,
            AttentionBias = false,
            AttentionOutputBias = false,
            MlpBias = false,
            TiedHead = config.Flag("tie_word_embeddings", false),
        };
    }

    public static RotarySpec WholeHead(ConfigReader config, int headSize, double defaultBase = RotaryConfig.DefaultBase)
    {
        var rotary = RotaryConfig.Read(config, headSize, defaultBase);
        return rotary.Dimensions == headSize ? rotary : throw config.Unsupported("partial_rotary_factor", "a part of the head");
    }

    public static TensorRecipe Locate(TensorName name) =>
        new(name.Layer is { } layer ? $"layers.{layer}.{name.Module}.{name.Leaf}" : $"{name.Module}.{name.Leaf}");

    /// <summary>The names of norms where outputs are normed: "post_attention_layernorm" is then what it says.</summary>
    public static TensorName NormsOnBothSides(TensorName name) => name with
    {
        Module = name.Module switch
        {
            "self_attn.output_norm" => "post_attention_layernorm",
            "post_attention_layernorm" => "pre_feedforward_layernorm",
            "mlp.output_norm" => "post_feedforward_layernorm",
            var module => module,
        },
    };
}
