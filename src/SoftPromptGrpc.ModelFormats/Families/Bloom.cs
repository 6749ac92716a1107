using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.ModelFormats.Families;

internal sealed class Bloom : IModelFamily
{
    /// <summary>ALiBi has no last position; this is as far as the published models were trained.</summary>
    private const int DefaultContextLength = 2048;

    public string ModelType => "bloom";

    public string Prefix => "transformer.";

    public DecoderSpec ReadSpec(ConfigReader config)
    {
        var hidden = config.OptionalCount("n_embed", Limits.HiddenSize) ?? config.Count("hidden_size", Limits.HiddenSize);
        var heads = config.OptionalCount("num_attention_heads", Limits.Heads) ?? config.Count("n_head", Limits.Heads);
        if (config.OptionalCount("n_inner", Limits.MlpSize) is { } inner && inner != 4 * hidden)
            throw config.Unsupported("n_inner", "another width than 4 times the hidden size");
        return new DecoderSpec
        {
            ModelType = ModelType,
            VocabularySize = config.Count("vocab_size"),
            HiddenSize = hidden,
            LayerCount = config.OptionalCount("num_hidden_layers", Limits.Layers) ?? config.Count("n_layer", Limits.Layers),
            HeadCount = heads,
            KeyValueHeadCount = heads,
            HeadSize = Limits.Divide("hidden_size", hidden, "n_head", heads),
            MlpSize = 4 * hidden,
            ContextLength = config.OptionalCount("seq_length") ?? DefaultContextLength,
            Norm = NormKind.Layer,
            NormEpsilon = config.OptionalNumber("layer_norm_epsilon") ?? 1e-5,
            Positions = PositionKind.Alibi,
            Alibi = new AlibiSpec(AlibiSlopes.LowerFirst(heads)),
            EmbeddingNorm = true,
            Residual = config.Flag("apply_residual_connection_post_layernorm", false)
                ? ResidualKind.SequentialFromNorm
                : ResidualKind.Sequential,
            Activation = ActivationKind.GeluTanh,
            GatedMlp = false,
            AttentionBias = true,
            AttentionOutputBias = true,
            MlpBias = true,
            TiedHead = config.Flag("tie_word_embeddings", true),
        };
    }

    public TensorRecipe Locate(DecoderSpec spec, TensorName name) => name.Module switch
    {
        "embed_layernorm" => new($"word_embeddings_layernorm.{name.Leaf}"),
        _ => FalconLike.Locate(name, FusedRows.Grouped(spec)),
    };
}
