using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Backends.Torch.Packing;

/// <summary>What a layer makes of products of queries and keys.</summary>
/// <param name="Window">How many keys a query sees, its own included; null: all up to its own.</param>
/// <param name="Biases">Added by key, [heads, <paramref name="BiasCount"/>]; null: none.</param>
internal sealed record AttentionRule(
    int HeadCount, int KeyValueHeadCount, int HeadSize, float Scale, float? SoftCap, int? Window, float[]? Biases, int BiasCount)
{
    public int Repeats => HeadCount / KeyValueHeadCount;

    /// <param name="keys">The most that a query sees.</param>
    public static AttentionRule Of(DecoderSpec spec, int layer, int keys) => new(
        spec.HeadCount, spec.KeyValueHeadCount, spec.HeadSize, (float)spec.AttentionScale, (float?)spec.AttentionSoftCap,
        spec.AttentionOf(layer).SlidingWindow, spec.Alibi is { } alibi ? AlibiBiases.Table(alibi, keys) : null, keys);
}
