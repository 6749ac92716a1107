using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.ModelFormats.Families;

/// <summary>Three forms: Falcon 7B (one key/value head), 40B ("new decoder": groups), and RefinedWeb 1B (ALiBi).</summary>
internal sealed class Falcon : IModelFamily
{
    public string ModelType => "falcon";

    public string Prefix => "transformer.";

    public DecoderSpec ReadSpec(ConfigReader config)
    {
        var hidden = config.Count("hidden_size", Limits.HiddenSize);
        var heads = config.Count("num_attention_heads", Limits.Heads);
        var headSize = Limits.Divide("hidden_size", hidden, "num_attention_heads", heads);
        var alibi = config.Flag("alibi", false);
        var bias = config.Flag("bias", false);
        return new DecoderSpec
        {
            ModelType = ModelType,
            VocabularySize = config.Count("vocab_size"),
            HiddenSize = hidden,
            LayerCount = config.Count("num_hidden_layers", Limits.Layers),
            HeadCount = heads,
            KeyValueHeadCount = KeyValueHeads(config, heads),
            HeadSize = headSize,
            MlpSize = config.OptionalCount("ffn_hidden_size", Limits.MlpSize) ?? 4 * hidden,
            ContextLength = config.OptionalCount("max_position_embeddings") ?? 2048,
            Norm = NormKind.Layer,
            NormEpsilon = config.OptionalNumber("layer_norm_epsilon") ?? 1e-5,
            Positions = alibi ? PositionKind.Alibi : PositionKind.Rotary,
            Rotary = alibi ? null : RotaryConfig.Read(config, headSize),
            Alibi = alibi ? new AlibiSpec(AlibiSlopes.LowerFirst(heads), true, (float)(1 / Math.Sqrt(headSize))) : null,
            Residual = Residual(config),
            Activation = config.Activation("activation", "gelu"),
            GatedMlp = false,
            AttentionBias = bias,
            AttentionOutputBias = bias,
            MlpBias = bias,
            TiedHead = config.Flag("tie_word_embeddings", true),
        };
    }

    public TensorRecipe Locate(DecoderSpec spec, TensorName name)
    {
        var module = (spec.Residual, name.Module) switch
        {
            (ResidualKind.Parallel, "input_layernorm") => "ln_attn",
            (ResidualKind.Parallel, "post_attention_layernorm") => "ln_mlp",
            var (_, other) => other,
        };
        var rows = spec.KeyValueHeadCount == 1 ? FusedRows.Stacked(spec) : FusedRows.Grouped(spec);
        return FalconLike.Locate(name with { Module = module }, rows);
    }

    private static int KeyValueHeads(ConfigReader config, int heads)
    {
        var groups = config.OptionalCount("num_kv_heads", Limits.Heads) ?? heads;
        Limits.Divide("num_attention_heads", heads, "num_kv_heads", groups);
        if (config.Flag("new_decoder_architecture", false))
            return groups;
        if (config.Flag("multi_query", true))
            return 1;
        return groups == heads ? heads : throw config.Unsupported("num_kv_heads", "fewer heads in a model without multi_query");
    }

    private static ResidualKind Residual(ConfigReader config)
    {
        var isNew = config.Flag("new_decoder_architecture", false);
        var norms = config.OptionalCount("num_ln_in_parallel_attn", 2) ?? (isNew ? 2 : 1);
        if (isNew)
            config.Require("parallel_attn", true);
        else if (norms == 2)
            throw config.Unsupported("num_ln_in_parallel_attn", "2");
        if (!config.Flag("parallel_attn", true))
            return ResidualKind.Sequential;
        return norms == 2 ? ResidualKind.Parallel : ResidualKind.ParallelOneNorm;
    }
}
