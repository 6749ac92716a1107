using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.ModelFormats.Families;

internal sealed class Olmo2 : IModelFamily
{
    public string ModelType => "olmo2";

    public string Prefix => LlamaLike.Prefix;

    public DecoderSpec ReadSpec(ConfigReader config)
    {
        var attentionBias = config.Flag("attention_bias", false);
        return LlamaLike.ReadSpec(config, ModelType) with
        {
            NormEpsilon = config.OptionalNumber("rms_norm_eps") ?? 1e-5,
            Residual = ResidualKind.OutputNorm,
            AttentionBias = attentionBias,
            AttentionOutputBias = attentionBias,
            QueryKeyNorm = QueryKeyNormKind.WholeWidth,
        };
    }

    public TensorRecipe Locate(DecoderSpec spec, TensorName name) => LlamaLike.Locate(LlamaLike.NormsOnBothSides(name));
}
