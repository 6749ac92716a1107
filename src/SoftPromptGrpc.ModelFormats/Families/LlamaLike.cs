using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.ModelFormats.Families;

/// <summary>What the families that descend from Llama share: RMS norms, full rotary positions, a gated MLP, canonical names.</summary>
internal static class LlamaLike
{
    public const string Prefix = "model.";

    /// <param name="keyValueHeads">When config.json does not say; null: as many as heads.</param>
    public static DecoderSpec ReadSpec(ConfigReader config, string modelType, int? keyValueHeads = null)
    {
        var hidden = config.Count("hidden_size", Limits.HiddenSize);
        var heads = config.Count("num_attention_heads", Limits.Heads);
        var headSize = config.OptionalCount("head_dim", Limits.HeadSize)
            ?? Limits.Divide("hidden_size", hidden, "num_attention_heads", heads);
        var groups = config.OptionalCount("num_key_value_heads", Limits.Heads)
            ?? (config.Has("num_key_value_heads") ? null : keyValueHeads) ?? heads;
        Limits.Divide("num_attention_heads", heads, "num_key_value_heads", groups);
        var rotary = RotaryConfig.Read(config, headSize);
        return new DecoderSpec
        {
            ModelType = modelType,
            VocabularySize = config.Count("vocab_size"),
            HiddenSize = hidden,
            LayerCount = config.Count("num_hidden_layers", Limits.Layers),
            HeadCount = heads,
            KeyValueHeadCount = groups,
            HeadSize = headSize,
            MlpSize = config.Count("intermediate_size", Limits.MlpSize),
            ContextLength = config.Count("max_position_embeddings"),
            Norm = NormKind.Rms,
            NormEpsilon = config.OptionalNumber("rms_norm_eps") ?? 1e-6,
            Positions = PositionKind.Rotary,
            Rotary = rotary.Dimensions == headSize ? rotary : throw config.Unsupported("partial_rotary_factor", "a part of the head"),
            Residual = ResidualKind.Sequential,
            Activation = config.Activation("hidden_act", "silu"),
            GatedMlp = true,
            AttentionBias = false,
            AttentionOutputBias = false,
            MlpBias = false,
            TiedHead = config.Flag("tie_word_embeddings", false),
        };
    }

    public static TensorRecipe Locate(TensorName name) =>
        new(name.Layer is { } layer ? $"layers.{layer}.{name.Module}.{name.Leaf}" : $"{name.Module}.{name.Leaf}");

    /// <summary>The window when all layers have it, null when none has it; a mixture is refused.</summary>
    /// <param name="firstSliding">The first layer with a window, where config.json does not list the layers' types.</param>
    public static int? SlidingWindow(ConfigReader config, DecoderSpec spec, int? window, int firstSliding)
    {
        var sliding = config.Texts("layer_types") is { } types
            ? types.Count(t => t == "sliding_attention")
            : Math.Max(0, spec.LayerCount - firstSliding);
        if (sliding == 0 || window is null)
            return null;
        return sliding == spec.LayerCount ? window : throw config.Unsupported("layer_types", "layers with and without a sliding window");
    }
}
