using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.ModelFormats.Families;

/// <summary>Layers with a window rotate with another base than those without.</summary>
internal sealed class Gemma3Text : IModelFamily
{
    private const double FullBase = 1e6;
    private const double LocalBase = 1e4;

    public string ModelType => "gemma3_text";

    public string Prefix => LlamaLike.Prefix;

    public DecoderSpec ReadSpec(ConfigReader config)
    {
        var spec = GemmaLike.ReadSpec(config, ModelType, keyValueHeads: 4, rotary: size => Rotaries(config, size).Full)
            .WithSandwich(config, attentionCap: null, logitCap: null) with
        {
            QueryKeyNorm = QueryKeyNormKind.PerHead,
        };
        var pattern = config.OptionalCount("sliding_window_pattern") ?? config.OptionalCount("_sliding_window_pattern") ?? 6;
        var window = config.Has("sliding_window") ? config.OptionalCount("sliding_window") : 4096;
        var (full, local) = Rotaries(config, spec.HeadSize);
        var sliding = LayerAttentions.Sliding(config, spec.LayerCount, layer => (layer + 1) % pattern != 0);
        return spec.WithLayers([.. sliding.Select(slides => slides ? new LayerAttention(window, local) : new LayerAttention(null, full))]);
    }

    public TensorRecipe Locate(DecoderSpec spec, TensorName name) => GemmaLike.Locate(spec, name);

    private static (RotarySpec Full, RotarySpec Local) Rotaries(ConfigReader config, int headSize)
    {
        if (config.Object("rope_parameters") is { } parameters && (parameters.Has("full_attention") || parameters.Has("sliding_attention")))
            return (Of("full_attention", FullBase), Of("sliding_attention", LocalBase));
        var local = new RotarySpec(config.OptionalNumber("rope_local_base_freq") ?? LocalBase, headSize);
        return (RotaryConfig.Read(config, headSize, FullBase), local);

        RotarySpec Of(string kind, double otherwise) =>
            RotaryConfig.Of(parameters.Object(kind) ?? throw parameters.Missing(kind), headSize, otherwise);
    }
}
