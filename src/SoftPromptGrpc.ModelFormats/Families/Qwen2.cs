using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.ModelFormats.Families;

internal sealed class Qwen2 : IModelFamily
{
    public string ModelType => "qwen2";

    public string Prefix => LlamaLike.Prefix;

    public DecoderSpec ReadSpec(ConfigReader config)
    {
        var spec = LlamaLike.ReadSpec(config, ModelType, keyValueHeads: 32) with { AttentionBias = true };
        if (!config.Flag("use_sliding_window", false))
            return spec;
        var window = config.Has("sliding_window") ? config.OptionalCount("sliding_window") : 4096;
        var firstSliding = config.OptionalWhole("max_window_layers") ?? 28;
        return spec with { SlidingWindow = LlamaLike.SlidingWindow(config, spec, window, firstSliding) };
    }

    public TensorRecipe Locate(DecoderSpec spec, TensorName name) => LlamaLike.Locate(name);
}
