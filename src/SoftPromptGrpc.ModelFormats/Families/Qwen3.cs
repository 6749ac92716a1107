using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.ModelFormats.Families;

internal sealed class Qwen3 : IModelFamily
{
    public string ModelType => "qwen3";

    public string Prefix => LlamaLike.Prefix;

    public DecoderSpec ReadSpec(ConfigReader config)
    {
        var attentionBias = config.Flag("attention_bias", false);
        var spec = LlamaLike.ReadSpec(config, ModelType, keyValueHeads: 32, headSize: 128) with
        {
            AttentionBias = attentionBias,
            AttentionOutputBias = attentionBias,
            QueryKeyNorm = QueryKeyNormKind.PerHead,
        };
        return Qwen2.WithWindows(spec, config);
    }

    public TensorRecipe Locate(DecoderSpec spec, TensorName name) => LlamaLike.Locate(name);
}
