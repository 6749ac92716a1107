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
        return Dealt(stored);
    }

    /// <summary>What an encoder-decoder's layers make of the layers of rows.</summary>
    public static KeyValuePrefix Dealt(KeyValuePrefix stored) => WithLayers(stored, DealtLayers(stored.LayerCount));

    /// <summary>Layers of rows that are <paramref name="dealt"/> once they are dealt. Those that no layer takes are zeros.</summary>
    public static KeyValuePrefix Undealt(KeyValuePrefix dealt)
    {
        var takers = DealtLayers(dealt.LayerCount);
        return WithLayers(dealt, [.. Enumerable.Range(0, dealt.LayerCount).Select(layer => Array.IndexOf(takers, layer))]);
    }

    /// <summary>
    /// Which of the rows' layers each of an encoder-decoder's layers takes. PEFT lays the rows out twice, deals four tensors to each
    /// layer, two for cross-attention, and these are dropped: layer i takes what is layer 2 * i's.
    /// </summary>
    public static int[] DealtLayers(int layers) => [.. Enumerable.Range(0, layers).Select(layer => 2 * layer % layers)];

    /// <param name="layers">Where each layer comes from; -1: zeros.</param>
    private static KeyValuePrefix WithLayers(KeyValuePrefix prefix, int[] layers)
    {
        var length = prefix.Values.Length / prefix.LayerCount;
        var values = new float[prefix.Values.Length];
        foreach (var (to, from) in layers.Index().Where(layer => layer.Item >= 0))
            prefix.Values.Span.Slice(from * length, length).CopyTo(values.AsSpan(to * length));
        return new(prefix.LayerCount, prefix.HeadCount, prefix.VirtualTokens, prefix.HeadSize, values, prefix.ModelFingerprint);
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
