using SoftPromptGrpc.Core.Models;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch;

/// <summary>One half's biases by relative position, for all of its layers.</summary>
internal sealed class RelativeBias(EncoderDecoderWeights weights, string half)
{
    private readonly Tensor _table = weights[EncoderDecoderTensors.RelativePositionBias(half)];
    private readonly RelativePositions _positions = weights.Spec.RelativePositions!;

    /// <param name="first">The first query's position; keys begin at 0.</param>
    /// <param name="count">Of queries; there are <paramref name="first"/> more keys.</param>
    /// <returns>[1, heads, queries, keys].</returns>
    public Tensor Of(int first, int count)
    {
        using var scope = NewDisposeScope();
        var (keys, lowest) = (first + count, 1 - first - count);
        var buckets = tensor([.. Enumerable.Range(lowest, keys + count - 1).Select(Bucket)], int64);
        var offsets = arange(keys).unsqueeze(0) - arange(first, keys).unsqueeze(1) - lowest;
        var rows = _table.index_select(0, buckets.index_select(0, offsets.flatten()).to(_table.device)).to(float32);
        return rows.view(count, keys, -1).permute(2, 0, 1).unsqueeze(0).MoveToOuterDisposeScope();
    }

    /// <param name="offset">The key's position less the query's; for a decoder a key behind its query is hidden anyway.</param>
    private long Bucket(int offset) => half == EncoderDecoderTensors.Encoder
        ? RelativePositionBuckets.OfEncoder(_positions, offset)
        : RelativePositionBuckets.OfDecoder(_positions, Math.Max(0, -offset));
}
