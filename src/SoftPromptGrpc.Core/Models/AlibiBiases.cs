namespace SoftPromptGrpc.Core.Models;

/// <summary>The biases of <see cref="AlibiSpec"/>, computed as transformers does, in float32.</summary>
public static class AlibiBiases
{
    /// <summary>[heads, positions]: what a head adds to every product with the key at a position.</summary>
    public static float[] Table(AlibiSpec alibi, int positions)
    {
        var table = new float[alibi.Slopes.Count * positions];
        for (var head = 0; head < alibi.Slopes.Count; head++)
        {
            for (var position = 0; position < positions; position++)
                table[head * positions + position] = Bias(alibi, alibi.Slopes[head], position);
        }
        return table;
    }

    private static float Bias(AlibiSpec alibi, float slope, int position) => alibi.RoundedToBFloat16
        ? Round(Round(slope) * Round(position)) * alibi.Scale
        : slope * position * alibi.Scale;

    /// <summary>To the nearest bfloat16, ties to even. Finite numbers only.</summary>
    private static float Round(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return BitConverter.UInt32BitsToSingle((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000);
    }
}
