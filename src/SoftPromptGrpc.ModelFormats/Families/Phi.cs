using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.ModelFormats.Families;

/// <summary>Phi-1, 1.5 and 2.</summary>
internal sealed class Phi : IModelFamily
{
    public string ModelType => "phi";

    public string Prefix => LlamaLike.Prefix;

    public DecoderSpec ReadSpec(ConfigReader config) => LlamaLike.ReadSpec(
        config, ModelType, rotary: size => RotaryConfig.Read(config, size, defaultFraction: 0.5), activation: "gelu_new") with
    {
        Norm = NormKind.Layer,
        NormEpsilon = config.OptionalNumber("layer_norm_eps") ?? 1e-5,
        Residual = ResidualKind.ParallelOneNorm,
        GatedMlp = false,
        AttentionBias = true,
        AttentionOutputBias = true,
        MlpBias = true,
        QueryKeyNorm = config.Flag("qk_layernorm", false) ? QueryKeyNormKind.PerHead : QueryKeyNormKind.None,
        HeadBias = true,
    };

    public TensorRecipe Locate(DecoderSpec spec, TensorName name) => LlamaLike.Locate(name with
    {
        Module = name.Module switch
        {
            "norm" => "final_layernorm",
            "self_attn.o_proj" => "self_attn.dense",
            "self_attn.q_norm" => "self_attn.q_layernorm",
            "self_attn.k_norm" => "self_attn.k_layernorm",
            "mlp.up_proj" => "mlp.fc1",
            "mlp.down_proj" => "mlp.fc2",
            var module => module,
        },
    });
}
