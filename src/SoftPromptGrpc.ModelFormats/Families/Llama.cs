using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.ModelFormats.Families;

internal sealed class Llama : IModelFamily
{
    public string ModelType => "llama";

    public string Prefix => LlamaLike.Prefix;

    public DecoderSpec ReadSpec(ConfigReader config)
    {
        var attentionBias = config.Flag("attention_bias", false);
        return LlamaLike.ReadSpec(config, ModelType) with
        {
            AttentionBias = attentionBias,
            AttentionOutputBias = attentionBias,
            MlpBias = config.Flag("mlp_bias", false),
        };
    }

    public TensorRecipe Locate(DecoderSpec spec, TensorName name) => LlamaLike.Locate(name);
}
