using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Export;

/// <summary>What of a spec the exporter can write.</summary>
internal static class Expressible
{
    /// <summary>The first setting that it cannot; null: it writes the whole model, exactly.</summary>
    public static string? Obstacle(ModelSpec spec) => spec is DecoderSpec decoder ? Obstacle(decoder) : null;

    private static string? Obstacle(DecoderSpec spec)
    {
        if (spec.Positions is not (PositionKind.Learned or PositionKind.Rotary))
            return nameof(spec.Positions);
        if (spec.Residual is not (ResidualKind.Sequential or ResidualKind.Parallel))
            return nameof(spec.Residual);
        if (spec.Rotary is { Interleaved: true })
            return nameof(RotarySpec.Interleaved);
        if (spec.LayerAttentions is not null)
            return nameof(spec.LayerAttentions);
        if (spec.AttentionSoftCap is not null)
            return nameof(spec.AttentionSoftCap);
        if (spec.QueryKeyValueClip is not null)
            return nameof(spec.QueryKeyValueClip);
        if (spec.QueryKeyNorm != QueryKeyNormKind.None)
            return nameof(spec.QueryKeyNorm);
        if (!spec.NormBias)
            return nameof(spec.NormBias);
        if (!spec.FinalNorm)
            return nameof(spec.FinalNorm);
        if (spec.EmbeddingSize != spec.HiddenSize)
            return nameof(spec.EmbeddingSize);
        if (spec.EmbeddingScale != 1)
            return nameof(spec.EmbeddingScale);
        if (spec.EmbeddingNorm)
            return nameof(spec.EmbeddingNorm);
        if (spec.HeadBias)
            return nameof(spec.HeadBias);
        return spec.LogitSoftCap is null ? null : nameof(spec.LogitSoftCap);
    }
}
