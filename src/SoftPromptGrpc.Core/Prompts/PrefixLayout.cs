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

    /// <inheritdoc cref="FromRows(ReadOnlySpan{float}, int, int, int, int, string)"/>
    public static KeyValuePrefix FromRows(ReadOnlySpan<float> rows, int virtualTokens, ModelSpec spec, string modelFingerprint)
    {
        var (layers, heads, headSize) = KeyValuePrefix.ShapeOf(spec);
        return FromRows(rows, virtualTokens, layers, heads, headSize, modelFingerprint);
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
