using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.ModelFormats.Families;

internal sealed class Gemma2 : IModelFamily
{
    public string ModelType => "gemma2";

    public string Prefix => LlamaLike.Prefix;

    public DecoderSpec ReadSpec(ConfigReader config)
    {
        var spec = GemmaLike.ReadSpec(config, ModelType, keyValueHeads: 4).WithSandwich(config, attentionCap: 50, logitCap: 30);
        var window = config.Has("sliding_window") ? config.OptionalCount("sliding_window") : 4096;
        return spec.WithWindows(window, LayerAttentions.Sliding(config, spec.LayerCount, layer => layer % 2 == 0));
    }

    public TensorRecipe Locate(DecoderSpec spec, TensorName name) => GemmaLike.Locate(spec, name);
}
