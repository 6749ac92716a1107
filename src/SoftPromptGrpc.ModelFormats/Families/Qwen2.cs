using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.ModelFormats.Families;

internal sealed class Qwen2 : IModelFamily
{
    public string ModelType => "qwen2";

    public string Prefix => LlamaLike.Prefix;

    public DecoderSpec ReadSpec(ConfigReader config) =>
        WithWindows(LlamaLike.ReadSpec(config, ModelType, keyValueHeads: 32) with { AttentionBias = true }, config);

    public TensorRecipe Locate(DecoderSpec spec, TensorName name) => LlamaLike.Locate(name);

    /// <summary>The first layers have no window.</summary>
    public static DecoderSpec WithWindows(DecoderSpec spec, ConfigReader config)
    {
        if (!config.Flag("use_sliding_window", false))
            return spec;
        var window = config.Has("sliding_window") ? config.OptionalCount("sliding_window") : 4096;
        var first = config.OptionalWhole("max_window_layers") ?? 28;
        return spec.WithWindows(window, LayerAttentions.Sliding(config, spec.LayerCount, layer => layer >= first));
    }
}
