using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.ModelFormats.Families;

/// <summary>Layers that differ in what they see or how they mark positions.</summary>
internal static class LayerAttentions
{
    /// <summary>Whether each layer has a sliding window, by <c>layer_types</c> where config.json lists them.</summary>
    /// <param name="rule">Of the family, where it does not.</param>
    public static bool[] Sliding(ConfigReader config, int layers, Func<int, bool> rule)
    {
        if (config.Texts("layer_types") is not { } types)
            return [.. Enumerable.Range(0, layers).Select(rule)];
        if (types.Count != layers)
            throw config.Unsupported("layer_types", $"{types.Count} layers");
        return [.. types.Select(type => type switch
        {
            "sliding_attention" => true,
            "full_attention" => false,
            _ => throw config.Unsupported("layer_types", type),
        })];
    }

    /// <param name="window">Of the sliding layers; null: no layer has one.</param>
    public static DecoderSpec WithWindows(this DecoderSpec spec, int? window, IEnumerable<bool> sliding) =>
        spec.WithLayers([.. sliding.Select(slides => new LayerAttention(slides ? window : null, spec.Rotary))]);

    /// <summary>Layers that are all alike need no list.</summary>
    public static DecoderSpec WithLayers(this DecoderSpec spec, IReadOnlyList<LayerAttention> layers) => layers.Distinct().Count() == 1
        ? spec with { SlidingWindow = layers[0].SlidingWindow, Rotary = layers[0].Rotary }
        : spec with { LayerAttentions = layers };
}
