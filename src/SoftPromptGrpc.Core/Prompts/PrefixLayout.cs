using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Core.Prompts;

/// <summary>
/// PEFT's layout of a prefix, a row for each virtual token: [P, L, 2, G, D] where <see cref="KeyValuePrefix"/> has [L, 2, G, P, D].
/// </summary>
public static class PrefixLayout
{
    /// <summary>Numbers of one virtual token.</summary>
    public static int WidthOf(ModelSpec spec)
    {
        var (layers, heads, headSize) = KeyValuePrefix.ShapeOf(spec);
        return layers * 2 * heads * headSize;
    }

    /// <returns>[virtual tokens, width].</returns>
    public static float[] ToRows(KeyValuePrefix prefix) =>
        Swapped(prefix.Values.Span, prefix.LayerCount * 2 * prefix.HeadCount, prefix.VirtualTokens, prefix.HeadSize);

    /// <param name="rows">[virtualTokens, layers * 2 * heads * headSize].</param>
    public static KeyValuePrefix FromRows(
        ReadOnlySpan<float> rows, int virtualTokens, int layers, int heads, int headSize, string modelFingerprint) => new(
        layers, heads, virtualTokens, headSize, Swapped(rows, virtualTokens, layers * 2 * heads, headSize), modelFingerprint);

    /// <summary>What a model's layers make of the rows.</summary>
    /// <param name="rows">[virtualTokens, layers * 2 * heads * headSize].</param>
    public static KeyValuePrefix FromRows(ReadOnlySpan<float> rows, int virtualTokens, ModelSpec spec, string modelFingerprint)
    {
        var (layers, heads, headSize) = KeyValuePrefix.ShapeOf(spec);
        var stored = FromRows(rows, virtualTokens, layers, heads, headSize, modelFingerprint);
        if (spec is not EncoderDecoderSpec)
            return stored;
        float[] values = [.. LayersOf(spec).SelectMany(layer => (float[])[.. stored.LayerKeys(layer).Span, .. stored.LayerValues(layer).Span])];
        return new(layers, heads, virtualTokens, headSize, values, modelFingerprint);
    }

    /// <summary>
    /// Which of the rows' layers each of the model's layers takes. For an encoder-decoder PEFT lays the rows out twice, deals four tensors
    /// to each layer, two for cross-attention, and these are dropped: layer i takes what is layer 2 * i's.
    /// </summary>
    public static int[] LayersOf(ModelSpec spec)
    {
        var (layers, _, _) = KeyValuePrefix.ShapeOf(spec);
        return [.. Enumerable.Range(0, layers).Select(layer => spec is EncoderDecoderSpec ? 2 * layer % layers : layer)];
    }

    /// <summary>[outer, inner, length] as [inner, outer, length].</summary>
    private static float[] Swapped(ReadOnlySpan<float> values, int outer, int inner, int length)
    {
        var swapped = new float[values.Length];
        for (var o = 0; o < outer; o++)
        {
            for (var i = 0; i < inner; i++)
                values.Slice((o * inner + i) * length, length).CopyTo(swapped.AsSpan((i * outer + o) * length, length));
        }
        return swapped;
    }
}
