using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.ModelFormats.Families;

/// <summary>Layers with global and with local attention; products of queries and keys are not scaled.</summary>
internal sealed class GptNeo : IModelFamily
{
    public string ModelType => "gpt_neo";

    public string Prefix => "transformer.";

    public DecoderSpec ReadSpec(ConfigReader config)
    {
        var hidden = config.Count("hidden_size", Limits.HiddenSize);
        var heads = config.Count("num_heads", Limits.Heads);
        var spec = new DecoderSpec
        {
            ModelType = ModelType,
            VocabularySize = config.Count("vocab_size"),
            HiddenSize = hidden,
            LayerCount = config.Count("num_layers", Limits.Layers),
            HeadCount = heads,
            KeyValueHeadCount = heads,
            HeadSize = Limits.Divide("hidden_size", hidden, "num_heads", heads),
            MlpSize = config.OptionalCount("intermediate_size", Limits.MlpSize) ?? 4 * hidden,
            ContextLength = config.Count("max_position_embeddings"),
            Norm = NormKind.Layer,
            NormEpsilon = config.OptionalNumber("layer_norm_epsilon") ?? 1e-5,
            Positions = PositionKind.Learned,
            Residual = ResidualKind.Sequential,
            Activation = config.Activation("activation_function", "gelu_new"),
            GatedMlp = false,
            AttentionBias = false,
            AttentionOutputBias = true,
            AttentionScale = 1,
            MlpBias = true,
            TiedHead = config.Flag("tie_word_embeddings", true),
        };
        return spec.WithWindows(config.OptionalCount("window_size") ?? 256, Local(config, spec.LayerCount));
    }

    public TensorRecipe Locate(DecoderSpec spec, TensorName name)
    {
        return name.Module switch
        {
            "embed_tokens" => new("wte.weight"),
            "embed_positions" => new("wpe.weight"),
            "norm" => new($"ln_f.{name.Leaf}"),
            "input_layernorm" => Layer("ln_1"),
            "self_attn.o_proj" => Layer("attn.attention.out_proj"),
            "post_attention_layernorm" => Layer("ln_2"),
            "mlp.up_proj" => Layer("mlp.c_fc"),
            "mlp.down_proj" => Layer("mlp.c_proj"),
            "lm_head" => new("lm_head.weight"),
            var projection => Layer(projection.Replace("self_attn", "attn.attention", StringComparison.Ordinal)),
        };

        TensorRecipe Layer(string module) => new($"h.{name.Layer}.{module}.{name.Leaf}");
    }

    private static IEnumerable<bool> Local(ConfigReader config, int layers)
    {
        var kinds = config.Texts("attention_layers") ?? config.RepeatedTexts("attention_types", layers)
            ?? throw config.Missing("attention_layers");
        if (kinds.Count != layers)
            throw config.Unsupported("attention_layers", $"{kinds.Count} layers");
        return kinds.Select(kind => kind switch
        {
            "local" => true,
            "global" => false,
            _ => throw config.Unsupported("attention_layers", kind),
        });
    }
}
