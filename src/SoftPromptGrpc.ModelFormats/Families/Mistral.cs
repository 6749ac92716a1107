using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.ModelFormats.Families;

internal sealed class Mistral : IModelFamily
{
    public string ModelType => "mistral";

    public string Prefix => LlamaLike.Prefix;

    public DecoderSpec ReadSpec(ConfigReader config)
    {
        var spec = LlamaLike.ReadSpec(config, ModelType, keyValueHeads: 8);
        var window = config.Has("sliding_window") ? config.OptionalCount("sliding_window") : 4096;
        return spec.WithWindows(window, LayerAttentions.Sliding(config, spec.LayerCount, _ => true));
    }

    public TensorRecipe Locate(DecoderSpec spec, TensorName name) => LlamaLike.Locate(name);
}
