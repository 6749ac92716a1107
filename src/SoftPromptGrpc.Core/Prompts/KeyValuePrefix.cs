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

    public override int Width => HeadCount * HeadSize;

    /// <summary>[G, P, D].</summary>
    public ReadOnlyMemory<float> LayerKeys(int layer) => Part(2 * layer);

    /// <inheritdoc cref="LayerKeys"/>
    public ReadOnlyMemory<float> LayerValues(int layer) => Part(2 * layer + 1);

    public override string? MisfitWith(ModelSpec spec) =>
        (LayerCount, HeadCount, HeadSize) == ShapeOf(spec)
            ? null
            : $"it has {Describe((LayerCount, HeadCount, HeadSize))}, the model {Describe(ShapeOf(spec))}";

    /// <summary>Of the cache that a prefix goes into: the decoder's own, where there is an encoder.</summary>
    public static (int Layers, int Heads, int HeadSize) ShapeOf(ModelSpec spec) => spec switch
    {
        DecoderSpec decoder => (decoder.LayerCount, decoder.KeyValueHeadCount, decoder.HeadSize),
        EncoderDecoderSpec encoderDecoder => (encoderDecoder.DecoderLayerCount, encoderDecoder.HeadCount, encoderDecoder.HeadSize),
        _ => throw new ArgumentOutOfRangeException(nameof(spec), spec.ModelType, null),
    };

    private ReadOnlyMemory<float> Part(int index)
    {
        var length = HeadCount * VirtualTokens * HeadSize;
        return Values.Slice(index * length, length);
    }

    private static string Describe((int Layers, int Heads, int HeadSize) shape) =>
        $"{shape.Layers} layers of {shape.Heads} key/value heads of size {shape.HeadSize}";
}
