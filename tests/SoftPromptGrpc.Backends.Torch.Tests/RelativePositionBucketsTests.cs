using SoftPromptGrpc.Core.Models;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch.Tests;

public sealed class RelativePositionBucketsTests
{
    [Theory]
    [InlineData(32, 128)]
    [InlineData(8, 16)]
    [InlineData(64, 128)]
    [InlineData(32, 300)]
    [InlineData(4, 3)]
    public void Of_EveryOffset_IsTheBucketOfTransformersArithmetic(int buckets, int maxDistance)
    {
        using var scope = NewDisposeScope();
        var positions = new RelativePositions(buckets, maxDistance);
        var offsets = arange(-2047, 2048);

        var encoder = Bucket(offsets.abs(), buckets / 2, maxDistance) + offsets.gt(0).to_type(ScalarType.Int64) * (buckets / 2);
        var decoder = Bucket((-offsets).clamp_min(0), buckets, maxDistance);

        Assert.Equal(encoder.data<long>(), offsets.data<long>().Select(o => (long)RelativePositionBuckets.OfEncoder(positions, (int)o)));
        Assert.Equal(
            decoder.data<long>(), offsets.data<long>().Select(o => (long)RelativePositionBuckets.OfDecoder(positions, (int)Math.Max(0, -o))));
    }

    /// <summary>modeling_t5.py, line by line.</summary>
    private static Tensor Bucket(Tensor distance, int buckets, int maxDistance)
    {
        var exact = buckets / 2;
        var growth = log(distance.to_type(ScalarType.Float32) / exact) / Math.Log((double)maxDistance / exact) * (buckets - exact);
        var large = (exact + growth.to_type(ScalarType.Int64)).clamp_max(buckets - 1);
        return where(distance.lt(exact), distance, large);
    }
}
