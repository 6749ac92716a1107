using SoftPromptGrpc.Core.Models;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch.Packing;

// R: rows, F: positions in front of the stem, S: rows of a stem, B: sequences of a bucket, T: rows of each, Q: those of them that ask,
// H: query heads, G: key/value heads, D: head size, L: layers.
/// <summary>Attention of one layer once it is known who sees what.</summary>
/// <param name="q">[B, H, Q, D].</param>
/// <param name="k">[B, G, keys, D].</param>
/// <param name="mask">[Q, keys] or [1, H, Q, keys], added to the scaled products; null: none.</param>
/// <param name="isCausal">Without a mask: the first query sees the first key, the next one two, and so on.</param>
/// <returns>[B, Q, H * D].</returns>
internal delegate Tensor AttentionOf(Tensor q, Tensor k, Tensor v, Tensor? mask, bool isCausal);

/// <summary>
/// Attention over a <see cref="PackedBatch"/> by libtorch's functions, on any device: rows of a stem see their stem, a bucket's see their
/// stem and themselves. A stem's keys and values are there once, and their gradients are summed.
/// </summary>
/// <remarks>Its tensors belong to the dispose scope that it is made in.</remarks>
internal sealed class LibraryAttention : IPackedAttention
{
    private readonly DecoderSpec _spec;
    private readonly PackedBatch _batch;
    private readonly Tensor? _prefix;
    private readonly int _front;
    private readonly Device _device;
    private readonly Dictionary<int, Tensor?[]> _masks;

    /// <param name="prefix">Keys and values in front of every stem: [L, 2, G, F, D].</param>
    public LibraryAttention(DecoderSpec spec, PackedBatch batch, Tensor? prefix, Device device)
    {
        (_spec, _batch, _prefix, _front, _device) = (spec, batch, prefix, (int)(prefix?.shape[3] ?? 0), device);
        _masks = batch.Stems.Where(stem => stem.Length > 0).Select(stem => (First: _front, stem.Length))
            .Concat(batch.Buckets.Select(bucket => (First: FirstOf(bucket), bucket.Length)))
            .GroupBy(rows => rows.First, rows => rows.Length)
            .ToDictionary(rows => rows.Key, rows => Masks(rows.Key, rows.Max()));
    }

    public Tensor Attend(int layer, Tensor queries, Tensor keys, Tensor values, AttentionOf attend)
    {
        var (q, k, v) = (queries.transpose(1, 2), keys.transpose(1, 2), values.transpose(1, 2));   // [1, heads, rows, D]
        var isLast = layer == _spec.LayerCount - 1;
        var (outputs, row) = (new List<Tensor>(), 0L);
        var stems = _batch.Stems.Select(stem => (Keys: Front(layer, 0, k, stem), Values: Front(layer, 1, v, stem))).ToList();
        foreach (var (stem, (own, ownValues)) in _batch.Stems.Zip(stems))
        {
            var asking = isLast ? (stem.IsNeeded ? 1 : 0) : stem.Length;
            if (asking > 0)
                outputs.Add(Attend(layer, q.narrow(2, row, asking), own!, ownValues!, _front, stem.Length, attend));
            row += asking;
        }
        foreach (var bucket in _batch.Buckets)
        {
            var asking = isLast ? bucket.Needed : bucket.Length;
            var (front, frontValues) = stems[bucket.Stem];
            var asked = Split(q.narrow(2, row, (long)bucket.Count * asking), bucket.Count);          // [B, H, Q, D]
            outputs.Add(Attend(
                layer, asked, Behind(front, k, bucket), Behind(frontValues, v, bucket), FirstOf(bucket), bucket.Length, attend));
            row += (long)bucket.Count * asking;
        }
        return outputs.Count == 1 ? outputs[0] : cat(outputs, 1);
    }

    /// <param name="first">The position of the first of <paramref name="length"/> rows, whose last ones ask.</param>
    private Tensor Attend(int layer, Tensor q, Tensor k, Tensor v, int first, int length, AttentionOf attend)
    {
        var asking = q.shape[2];
        var mask = _masks[first][layer];
        if (mask is not null)
            mask = mask.narrow(-2, length - asking, asking).narrow(-1, 0, first + length);
        else if (asking > 1 && asking < length)
            mask = AttentionMasks.Causal(length - asking, asking, _device);
        return attend(q, k, v, mask, isCausal: mask is null && asking > 1).flatten(0, 1).unsqueeze(0);
    }

    /// <summary>One for each layer; null where plain causal attention does the same.</summary>
    private Tensor?[] Masks(int first, int length) =>
        [.. AttentionMasks.Of(_spec, first, length, _device).Select(mask => mask?.dim() == 3 ? mask.unsqueeze(0) : mask)];

    private int FirstOf(Bucket bucket) => _front + _batch.Stems[bucket.Stem].Length;

    /// <summary>What a stem's sequences see in front of themselves: [1, G, F + S, D]; null: nothing.</summary>
    private Tensor? Front(int layer, int part, Tensor own, Stem stem)
    {
        var rows = stem.Length > 0 ? own.narrow(2, stem.First, stem.Length) : null;
        var given = _prefix?[layer][part].unsqueeze(0);
        return given is not null && rows is not null ? cat([given, rows], 2) : given ?? rows;
    }

    /// <returns>[B, G, F + S + T, D].</returns>
    private static Tensor Behind(Tensor? front, Tensor rows, Bucket bucket)
    {
        var own = Split(rows.narrow(2, bucket.First, (long)bucket.Count * bucket.Length), bucket.Count);
        return front is null ? own : cat([front.expand(bucket.Count, -1, -1, -1), own], 2);
    }

    /// <summary>[1, heads, count * length, D] as [count, heads, length, D].</summary>
    private static Tensor Split(Tensor x, int count) => count == 1 ? x : x[0].unflatten(1, [count, -1]).transpose(0, 1);
}
