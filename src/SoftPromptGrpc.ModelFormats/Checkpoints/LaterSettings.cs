using System.Globalization;
using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.ModelFormats.Checkpoints;

/// <summary>
/// The lines of <see cref="Fingerprint.Describe(DecoderSpec)"/> for settings that came after the first families: none for a setting
/// that has its default, so that models that were known before keep their fingerprints.
/// </summary>
internal static class LaterSettings
{
    public static IEnumerable<string> Of(DecoderSpec spec)
    {
        if (spec.Alibi is { } alibi)
            yield return $"alibi {Numbers(alibi.Slopes)} rounded={alibi.RoundedToBFloat16} scale={Text(alibi.Scale)}";
        foreach (var (layer, attention) in (spec.LayerAttentions ?? []).Index())
            yield return $"layer {Text(layer)} window={Text(attention.SlidingWindow)} {Fingerprint.Describe(attention.Rotary)}";
        if (spec.AttentionScale != 1 / Math.Sqrt(spec.HeadSize))
            yield return $"attention-scale {Text(spec.AttentionScale)}";
        if (spec.AttentionSoftCap is { } attentionCap)
            yield return $"attention-soft-cap {Text(attentionCap)}";
        if (spec.QueryKeyValueClip is { } clip)
            yield return $"query-key-value-clip {Text(clip)}";
        if (spec.QueryKeyNorm != QueryKeyNormKind.None)
            yield return $"query-key-norm {spec.QueryKeyNorm}";
        if (spec is { Norm: NormKind.Layer, NormBias: false })
            yield return "norm-bias False";
        if (!spec.FinalNorm)
            yield return "final-norm False";
        if (spec.EmbeddingSize != spec.HiddenSize)
            yield return $"embedding-size {Text(spec.EmbeddingSize)}";
        if (spec.EmbeddingScale != 1)
            yield return $"embedding-scale {Text(spec.EmbeddingScale)}";
        if (spec.EmbeddingNorm)
            yield return "embedding-norm True";
        if (spec.HeadBias)
            yield return "head-bias True";
        if (spec.LogitSoftCap is { } logitCap)
            yield return $"logit-soft-cap {Text(logitCap)}";
    }

    private static string Numbers(IEnumerable<float> values) => string.Join(' ', values.Select(v => Text(v)));

    private static string Text<T>(T value) => string.Create(CultureInfo.InvariantCulture, $"{value}");
}
