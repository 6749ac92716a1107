namespace SoftPromptGrpc.Core.Models;

/// <summary>Buckets of relative positions, computed as transformers does (modeling_t5.py), in float32.</summary>
public static class RelativePositionBuckets
{
    /// <summary>For queries that see keys on both sides: half of the buckets are for keys behind the query.</summary>
    /// <param name="offset">The key's position less the query's.</param>
    public static int OfEncoder(RelativePositions positions, int offset)
    {
        var half = positions.BucketCount / 2;
        return (offset > 0 ? half : 0) + OfDistance(half, positions.MaxDistance, Math.Abs(offset));
    }

    /// <summary>For causal attention.</summary>
    /// <param name="distance">The query's position less the key's: not negative.</param>
    public static int OfDecoder(RelativePositions positions, int distance) =>
        OfDistance(positions.BucketCount, positions.MaxDistance, distance);

    /// <summary>The first half of the buckets holds one distance each; the others widen logarithmically.</summary>
    private static int OfDistance(int buckets, int maxDistance, int distance)
    {
        var exact = buckets / 2;
        if (distance < exact)
            return distance;
        var growth = MathF.Log((float)distance / exact) / (float)Math.Log((double)maxDistance / exact) * (buckets - exact);
        return Math.Min(buckets - 1, exact + (int)growth);
    }
}
