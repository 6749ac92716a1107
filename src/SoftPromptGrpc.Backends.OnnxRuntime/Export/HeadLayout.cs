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
        if (spec.Rotary is { } rotary)
            Spread(rotary.Dimensions / 2, spec.HeadSize);
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

    public static int PaddedSize(DecoderSpec spec) => Pad(spec.HeadSize, spec.Positions == PositionKind.Rotary ? 16 : 8);

    private static int Pad(int headSize, int multiple) => (headSize + multiple - 1) / multiple * multiple;

    // The rotated pairs (i, i + pairs) go to (i, i + Size / 2), the other dimensions to the places that are left, in order.
    private void Spread(int pairs, int headSize)
    {
        var (half, next) = (Size / 2, 2 * pairs);
        for (var slot = 0; slot < Size; slot++)
        {
            QueryKey[slot] = (slot % half) < pairs ? slot % half + slot / half * pairs
                : next < headSize ? next++
                : Zero;
        }
    }
}
