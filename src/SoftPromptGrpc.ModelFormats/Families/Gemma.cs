using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.ModelFormats.Families;

internal sealed class Gemma : IModelFamily
{
    public string ModelType => "gemma";

    public string Prefix => LlamaLike.Prefix;

    public DecoderSpec ReadSpec(ConfigReader config) => GemmaLike.ReadSpec(config, ModelType, keyValueHeads: 16);

    public TensorRecipe Locate(DecoderSpec spec, TensorName name) => GemmaLike.Locate(spec, name);
}
