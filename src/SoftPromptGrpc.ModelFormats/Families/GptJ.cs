using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.ModelFormats.Families;

internal sealed class GptJ : IModelFamily
{
    public string ModelType => "gptj";

    public string Prefix => "transformer.";

    public DecoderSpec ReadSpec(ConfigReader config)
    {
        var hidden = config.Count("n_embd", Limits.HiddenSize);
        var heads = config.Count("n_head", Limits.Heads);
        var headSize = Limits.Divide("n_embd", hidden, "n_head", heads);
        var rotated = config.Has("rotary_dim") ? config.Count("rotary_dim") : 64;
        return new DecoderSpec
        {
            ModelType = ModelType,
            VocabularySize = config.Count("vocab_size"),
            HiddenSize = hidden,
            LayerCount = config.Count("n_layer", Limits.Layers),
            HeadCount = heads,
            KeyValueHeadCount = heads,
            HeadSize = headSize,
            MlpSize = config.OptionalCount("n_inner", Limits.MlpSize) ?? 4 * hidden,
            ContextLength = config.Count("n_positions"),
            Norm = NormKind.Layer,
            NormEpsilon = config.OptionalNumber("layer_norm_epsilon") ?? 1e-5,
            Positions = PositionKind.Rotary,
            Rotary = new RotarySpec(10000, RotaryConfig.EvenPart(config, "rotary_dim", rotated, headSize), Interleaved: true),
            Residual = ResidualKind.ParallelOneNorm,
            Activation = config.Activation("activation_function", "gelu_new"),
            GatedMlp = false,
            AttentionBias = false,
            AttentionOutputBias = false,
            MlpBias = true,
            TiedHead = config.Flag("tie_word_embeddings", false),
            HeadBias = true,
        };
    }

    public TensorRecipe Locate(DecoderSpec spec, TensorName name)
    {
        return name.Module switch
        {
            "embed_tokens" => new("wte.weight"),
            "norm" => new($"ln_f.{name.Leaf}"),
            "lm_head" => new($"lm_head.{name.Leaf}"),
            "input_layernorm" => Layer("ln_1"),
            "self_attn.o_proj" => Layer("attn.out_proj"),
            "mlp.up_proj" => Layer("mlp.fc_in"),
            "mlp.down_proj" => Layer("mlp.fc_out"),
            var projection => Layer(projection.Replace("self_attn", "attn", StringComparison.Ordinal)),
        };

        TensorRecipe Layer(string module) => new($"h.{name.Layer}.{module}.{name.Leaf}");
    }
}
