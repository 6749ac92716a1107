using SoftPromptGrpc.Backends.Torch.Packing;
using SoftPromptGrpc.Core.Models;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch;

// B: batch, P: positions of the prefix, T: positions behind it, R: packed rows, Q: those of them that ask, H: query heads,
// G: key/value heads, D: head size.
/// <summary>Causal multi-head attention, grouped (Ainslie et al. 2023) where there are fewer key/value heads than query heads.</summary>
internal sealed class Attention(DecoderWeights weights, int layer, Rotary? rotary)
{
    private readonly DecoderSpec _spec = weights.Spec;
    private readonly double _queryScale = weights.Spec.AttentionScale * Math.Sqrt(weights.Spec.HeadSize);
    private readonly bool _isLast = layer == weights.Spec.LayerCount - 1;
    private readonly Linear _query = new(weights, DecoderTensors.Query(layer));
    private readonly Linear _key = new(weights, DecoderTensors.Key(layer));
    private readonly Linear _value = new(weights, DecoderTensors.Value(layer));
    private readonly Linear? _queryKeyValue = Linear.Find(weights, DecoderWeights.QueryKeyValue(layer));
    private readonly Linear? _keyValue = Linear.Find(weights, DecoderWeights.KeyValue(layer));
    private readonly Norm? _queryNorm = Norm.Find(weights, DecoderTensors.QueryNorm(layer));
    private readonly Norm? _keyNorm = Norm.Find(weights, DecoderTensors.KeyNorm(layer));
    private readonly Linear _output = new(weights, DecoderTensors.AttentionOutput(layer));

    /// <param name="mask">[T, P + T] or [H, T, P + T], added to the scaled products; null: causal, and no prefix.</param>
    /// <param name="prefix">Keys and values in front of everybody's own, used as they are: [2, G, P, D].</param>
    public Tensor Forward(Tensor x, Tensor? mask, Tensor? prefix)
    {
        using var scope = NewDisposeScope();
        var rotation = rotary?.From((int)(prefix?.shape[2] ?? 0), (int)x.shape[1]);
        var q = Rotated(Heads(_query, _queryNorm, x, _spec.HeadCount).transpose(1, 2), rotation);  // [B, H, T, D]
        var (k, v) = KeysValues(x, rotation);
        if (prefix is not null)
            (k, v) = (Behind(prefix[0], k), Behind(prefix[1], v));                 // [B, G, P + T, D]
        return _output.Forward(Attend(q, k, v, mask, isCausal: mask is null)).MoveToOuterDisposeScope();
    }

    /// <returns>Of all rows, or in the last layer of the needed ones: [1, Q, hidden size].</returns>
    public Tensor Forward(Rows x, PackedPass pass)
    {
        using var scope = NewDisposeScope();
        var rotation = rotary is null ? null : pass.RotationOf(rotary.Spec);
        var (q, k, v) = _isLast ? OfNeeded(x, pass.Needed) : OfAll(x);                             // [1, rows, heads, D]
        (q, k) = (Rotated(q, _isLast ? rotation?.Select(pass.Needed) : rotation), Rotated(k, rotation));
        return _output.Forward(pass.Attention.Attend(layer, q, k, v, Attend)).MoveToOuterDisposeScope();
    }

    /// <param name="first">The position of the first row.</param>
    /// <returns>As attention uses them, rotated: [B, G, T, D] each.</returns>
    public (Tensor Keys, Tensor Values) KeysValues(Tensor x, int first) => KeysValues(x, rotary?.From(first, (int)x.shape[1]));

    private (Tensor Keys, Tensor Values) KeysValues(Tensor x, RotaryTable? rotation) => (
        Rotated(Heads(_key, _keyNorm, x, _spec.KeyValueHeadCount).transpose(1, 2), rotation),
        Heads(_value, null, x, _spec.KeyValueHeadCount).transpose(1, 2));

    private static Tensor Behind(Tensor prefix, Tensor own) => cat([prefix.expand(own.shape[0], -1, -1, -1), own], 2);

    private static Tensor Rotated(Tensor x, RotaryTable? rotation) => rotation is null ? x : rotation.Apply(x);

    /// <summary>An <see cref="AttentionOf"/>.</summary>
    internal Tensor Attend(Tensor q, Tensor k, Tensor v, Tensor? mask, bool isCausal)
    {
        (k, v) = (Repeat(k), Repeat(v));                                           // [B, H, keys, D]
        var y = _spec.AttentionSoftCap is { } cap ? Capped(q, k, v, mask, isCausal, cap) : Scaled(q, k, v, mask, isCausal);
        return y.transpose(1, 2).flatten(2);
    }

    private Tensor Scaled(Tensor q, Tensor k, Tensor v, Tensor? mask, bool isCausal)
    {
        // The function scales by 1 / sqrt(D) itself.
        var scaled = _queryScale == 1 ? q : q * _queryScale;
        return nn.functional.scaled_dot_product_attention(scaled, k, v, mask, is_casual: isCausal);
    }

    private Tensor Capped(Tensor q, Tensor k, Tensor v, Tensor? mask, bool isCausal, double cap)
    {
        var products = q.matmul(k.transpose(-2, -1)) * _spec.AttentionScale;       // [B, H, Q, keys]
        var scores = (products / cap).tanh() * cap;
        if (mask is not null || isCausal)
            scores = scores + (mask ?? AttentionMasks.Causal(0, q.shape[2], q.device));
        return nn.functional.softmax(scores, -1).matmul(v);
    }

    private (Tensor Q, Tensor K, Tensor V) OfAll(Rows x)
    {
        if (_queryKeyValue is null)
            return (Heads(_query, _queryNorm, x, _spec.HeadCount), Heads(_key, _keyNorm, x, _spec.KeyValueHeadCount), Heads(_value, null, x, _spec.KeyValueHeadCount));
        var (queries, keys) = (_spec.HeadCount * _spec.HeadSize, _spec.KeyValueHeadCount * _spec.HeadSize);
        var parts = x.Map(_queryKeyValue.Forward).Whole.split([queries, keys, keys], -1);
        return (Heads(parts[0], _queryNorm, _spec.HeadCount), Heads(parts[1], _keyNorm, _spec.KeyValueHeadCount), Heads(parts[2], null, _spec.KeyValueHeadCount));
    }

    private (Tensor Q, Tensor K, Tensor V) OfNeeded(Rows x, Tensor needed)
    {
        var q = Heads(_query, _queryNorm, x.Select(needed), _spec.HeadCount);
        if (_keyValue is null)
            return (q, Heads(_key, _keyNorm, x, _spec.KeyValueHeadCount), Heads(_value, null, x, _spec.KeyValueHeadCount));
        var parts = x.Map(_keyValue.Forward).Whole.chunk(2, -1);
        return (q, Heads(parts[0], _keyNorm, _spec.KeyValueHeadCount), Heads(parts[1], null, _spec.KeyValueHeadCount));
    }

    private Tensor Heads(Linear projection, Norm? norm, Rows x, int count) => Heads(x.Map(projection.Forward).Whole, norm, count);

    private Tensor Heads(Linear projection, Norm? norm, Tensor x, int count) => Heads(projection.Forward(x), norm, count);

    /// <summary>[B, T, heads, D].</summary>
    private Tensor Heads(Tensor projected, Norm? norm, int count)
    {
        var y = projected;
        if (_spec.QueryKeyValueClip is { } clip)
            y = y.clamp(-clip, clip);
        if (norm is not null && _spec.QueryKeyNorm == QueryKeyNormKind.WholeWidth)
            y = norm.Forward(y);
        y = y.view(y.shape[0], y.shape[1], count, _spec.HeadSize);
        return norm is not null && _spec.QueryKeyNorm == QueryKeyNormKind.PerHead ? norm.Forward(y) : y;
    }

    private Tensor Repeat(Tensor x) =>
        _spec.HeadCount == _spec.KeyValueHeadCount ? x : x.repeat_interleave(_spec.HeadCount / _spec.KeyValueHeadCount, 1);
}
