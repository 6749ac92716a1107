using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Core.Prompts;

// L: layers, G: key/value heads, P: virtual tokens, D: head size.
/// <summary>
/// Keys and values that stand in front of every layer's own (Li and Liang 2021, "Prefix-Tuning: Optimizing Continuous Prompts for
/// Generation"). They enter the cache as they are: no rotation, bias or norm is applied to them, and ALiBi and masks see them at
/// positions 0 to P - 1. The text begins at position P. Nothing is predicted from a prefix alone: it has no hidden states.
/// </summary>
/// <param name="values">[L, 2, G, P, D], keys before values. Taken over, not copied: the caller lets go of it.</param>
public sealed class KeyValuePrefix(
    int layerCount, int headCount, int virtualTokens, int headSize, float[] values, string modelFingerprint)
    : ServedPrompt([layerCount, 2, headCount, virtualTokens, headSize], virtualTokens, values, modelFingerprint)
{
    public int LayerCount { get; } = layerCount;

    /// <summary>Key/value heads: fewer than query heads in grouped-query attention.</summary>
    public int HeadCount { get; } = headCount;

    public int HeadSize { get; } = headSize;

    /// <summary>[G, P, D].</summary>
    public ReadOnlyMemory<float> LayerKeys(int layer) => Part(2 * layer);

    /// <inheritdoc cref="LayerKeys"/>
    public ReadOnlyMemory<float> LayerValues(int layer) => Part(2 * layer + 1);

    public override string? MisfitWith(DecoderSpec spec) =>
        (LayerCount, HeadCount, HeadSize) == (spec.LayerCount, spec.KeyValueHeadCount, spec.HeadSize)
            ? null
            : $"it has {Describe(LayerCount, HeadCount, HeadSize)}, the model {Describe(spec.LayerCount, spec.KeyValueHeadCount, spec.HeadSize)}";

    private ReadOnlyMemory<float> Part(int index)
    {
        var length = HeadCount * VirtualTokens * HeadSize;
        return Values.Slice(index * length, length);
    }

    private static string Describe(int layers, int heads, int headSize) =>
        $"{layers} layers of {heads} key/value heads of size {headSize}";
}
