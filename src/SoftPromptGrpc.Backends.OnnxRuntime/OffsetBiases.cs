using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Backends.OnnxRuntime;

/// <summary>
/// One half's attention biases by the distance of key and query, laid out so that a query's biases are one piece of memory.
/// </summary>
internal sealed class OffsetBiases
{
    private readonly int _positions;
    private readonly float[][] _heads;

    private OffsetBiases(EncoderDecoderSpec spec, IModelWeights weights, string half, int offsets, Func<int, int> bucketOf)
    {
        _positions = spec.ContextLength;
        var table = new float[spec.RelativePositions!.BucketCount * spec.HeadCount];
        weights.Read(EncoderDecoderTensors.RelativePositionBias(half), table);
        int[] buckets = [.. Enumerable.Range(1 - _positions, offsets).Select(bucketOf)];
        _heads = [.. Enumerable.Range(0, spec.HeadCount).Select(head => buckets.Select(b => table[b * spec.HeadCount + head]).ToArray())];
    }

    public static OffsetBiases OfEncoder(EncoderDecoderSpec spec, IModelWeights weights) => new(
        spec, weights, EncoderDecoderTensors.Encoder, 2 * spec.ContextLength - 1,
        offset => RelativePositionBuckets.OfEncoder(spec.RelativePositions!, offset));

    /// <summary>A query sees no key behind its own.</summary>
    public static OffsetBiases OfDecoder(EncoderDecoderSpec spec, IModelWeights weights) => new(
        spec, weights, EncoderDecoderTensors.Decoder, spec.ContextLength,
        offset => RelativePositionBuckets.OfDecoder(spec.RelativePositions!, -offset));

    /// <param name="query">Its position.</param>
    /// <param name="keys">Those of keys 0, 1, ...</param>
    public void CopyTo(int head, int query, Span<float> keys) =>
        _heads[head].AsSpan(_positions - 1 - query, keys.Length).CopyTo(keys);
}
