namespace SoftPromptGrpc.Backends.Torch.Packing;

/// <summary>Queries that stand one behind the other, and what they see: what is in front of everything, then a stem, then their own rows.</summary>
/// <param name="Query">The number of the first, among those that ask.</param>
/// <param name="Count">Of queries: the last ones of their own rows.</param>
/// <param name="Stem">The first row of the stem.</param>
/// <param name="StemLength">Seen by every query.</param>
/// <param name="Own">The first of their own rows.</param>
/// <param name="OwnLength">A query sees those up to its own.</param>
internal readonly record struct AttentionSegment(int Query, int Count, int Stem, int StemLength, int Own, int OwnLength);

/// <summary>Who sees what in a layer over a <see cref="PackedBatch"/>.</summary>
/// <param name="Queries">How many rows ask.</param>
/// <param name="Rows">How many rows have keys and values.</param>
internal sealed record AttentionLayout(IReadOnlyList<AttentionSegment> Segments, int Queries, int Rows)
{
    /// <param name="isLast">Only the rows that predict something ask; otherwise all.</param>
    public static AttentionLayout Of(PackedBatch batch, bool isLast)
    {
        var (segments, query) = (new List<AttentionSegment>(), 0);
        foreach (var stem in batch.Stems)
            Add(isLast ? (stem.IsNeeded ? 1 : 0) : stem.Length, 0, 0, stem.First, stem.Length);
        foreach (var bucket in batch.Buckets)
        {
            var stem = batch.Stems[bucket.Stem];
            for (var i = 0; i < bucket.Count; i++)
                Add(isLast ? bucket.Needed : bucket.Length, stem.First, stem.Length, bucket.First + (i * bucket.Length), bucket.Length);
        }
        return new(segments, query, batch.Positions.Count);

        void Add(int count, int stem, int stemLength, int own, int ownLength)
        {
            if (count > 0)
                segments.Add(new(query, count, stem, stemLength, own, ownLength));
            query += count;
        }
    }
}
