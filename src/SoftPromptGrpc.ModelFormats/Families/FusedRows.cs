using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.ModelFormats.Families;

/// <summary>Where queries, keys and values lie in a matrix or bias that holds all three.</summary>
internal sealed record FusedRows(RowBlocks Queries, RowBlocks Keys, RowBlocks Values)
{
    /// <summary>One below the other: [q0 q1 ... k0 ... v0 ...].</summary>
    public static FusedRows Stacked(DecoderSpec spec)
    {
        var (queries, keys) = (spec.HeadCount * spec.HeadSize, spec.KeyValueHeadCount * spec.HeadSize);
        return Blocks(queries, keys, 1);
    }

    /// <summary>
    /// Each key/value head behind the queries that share it: [q0 q1 k0 v0 q2 q3 k1 v1 ...]; with as many of them as query heads
    /// [q0 k0 v0 q1 k1 v1 ...].
    /// </summary>
    public static FusedRows Grouped(DecoderSpec spec) =>
        Blocks(spec.HeadCount / spec.KeyValueHeadCount * spec.HeadSize, spec.HeadSize, spec.KeyValueHeadCount);

    private static FusedRows Blocks(int queries, int keys, int count)
    {
        var stride = queries + 2 * keys;
        return new(
            new RowBlocks(0, queries, stride, count),
            new RowBlocks(queries, keys, stride, count),
            new RowBlocks(queries + keys, keys, stride, count));
    }
}
