using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Export;

/// <summary>What of a spec the exporter can write.</summary>
internal static class Expressible
{
    /// <summary>The first setting that it cannot; null: it writes the whole model, exactly.</summary>
    public static string? Obstacle(ModelSpec spec) => spec is DecoderSpec decoder ? Obstacle(decoder) : null;

    private static string? Obstacle(DecoderSpec spec)
    {
        // One layout of a head has to serve every layer.
        if (HeadLayout.Rotaries(spec).Select(rotary => (rotary.Dimensions, rotary.Interleaved)).Distinct().Count() > 1)
            return nameof(spec.LayerAttentions);
        // A layer norm's mean cannot be taken over padding.
        if (spec is { QueryKeyNorm: not QueryKeyNormKind.None, Norm: NormKind.Layer } && HeadLayout.PaddedSize(spec) != spec.HeadSize)
            return nameof(spec.QueryKeyNorm);
        return null;
    }
}
