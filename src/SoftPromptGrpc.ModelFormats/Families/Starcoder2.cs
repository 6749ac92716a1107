using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.ModelFormats.Families;

internal sealed class Starcoder2 : IModelFamily
{
    public string ModelType => "starcoder2";

    public string Prefix => LlamaLike.Prefix;

    public DecoderSpec ReadSpec(ConfigReader config)
    {
        var bias = config.Flag("use_bias", true);
        return LlamaLike.ReadSpec(config, ModelType, keyValueHeads: 2, activation: "gelu_pytorch_tanh") with
        {
            Norm = NormKind.Layer,
            NormEpsilon = config.OptionalNumber("norm_epsilon") ?? 1e-5,
            GatedMlp = false,
            AttentionBias = bias,
            AttentionOutputBias = bias,
            MlpBias = bias,
            SlidingWindow = config.OptionalCount("sliding_window"),
            TiedHead = config.Flag("tie_word_embeddings", true),
        };
    }

    public TensorRecipe Locate(DecoderSpec spec, TensorName name) => LlamaLike.Locate(name with
    {
        Module = name.Module switch
        {
            "mlp.up_proj" => "mlp.c_fc",
            "mlp.down_proj" => "mlp.c_proj",
            var module => module,
        },
    });
}
