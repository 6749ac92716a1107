using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Export;

/// <summary>
/// Where a head's dimensions lie in the exported model. GroupQueryAttention wants head sizes that are multiples of 8, of 16 where
/// it rotates, and rotates dimension i with i + size / 2. A product of a query and a key does not change when both have their
/// dimensions in another order, or zeros between them: so every spec fits, exactly.
/// </summary>
internal sealed class HeadLayout
{
    public const int Zero = -1;

    public HeadLayout(DecoderSpec spec)
        : this(spec.HeadSize, PaddedSize(spec))
    {
        if (Rotaries(spec).FirstOrDefault() is { } rotary)
            Spread(rotary.Dimensions / 2, spec.HeadSize, rotary.Interleaved);
    }

    /// <summary>Of an encoder-decoder: nothing is rotated.</summary>
    public HeadLayout(EncoderDecoderSpec spec)
        : this(spec.HeadSize, Pad(spec.HeadSize, 8))
    {
    }

    private HeadLayout(int headSize, int size)
    {
        Size = size;
        Value = [.. Enumerable.Range(0, size).Select(slot => slot < headSize ? slot : Zero)];
        QueryKey = [.. Value];
    }

    /// <summary>The padded head size.</summary>
    public int Size { get; }

    /// <summary>For each place in a query's or key's head the model's dimension, or <see cref="Zero"/>.</summary>
    public int[] QueryKey { get; }

    /// <inheritdoc cref="QueryKey"/>
    public int[] Value { get; }

    /// <summary>
    /// What the layers rotate by. They differ at most in their angles (<see cref="Expressible"/>), so one layout fits all of them,
    /// and those that do not rotate.
    /// </summary>
    public static IEnumerable<RotarySpec> Rotaries(DecoderSpec spec) =>
        Enumerable.Range(0, spec.LayerCount).Select(layer => spec.AttentionOf(layer).Rotary).OfType<RotarySpec>();

    public static int PaddedSize(DecoderSpec spec) => Pad(spec.HeadSize, spec.Positions == PositionKind.Rotary ? 16 : 8);

    private static int Pad(int headSize, int multiple) => (headSize + multiple - 1) / multiple * multiple;

    // The two dimensions of rotated pair i go to i and i + Size / 2, the others to the places that are left, in order.
    private void Spread(int pairs, int headSize, bool interleaved)
    {
        var (half, next) = (Size / 2, 2 * pairs);
        for (var slot = 0; slot < Size; slot++)
        {
            var (pair, member) = (slot % half, slot / half);
            QueryKey[slot] = pair < pairs ? (interleaved ? 2 * pair + member : pair + member * pairs)
                : next < headSize ? next++
                : Zero;
        }
    }
}
