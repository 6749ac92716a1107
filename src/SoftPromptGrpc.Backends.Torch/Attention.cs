using SoftPromptGrpc.Core.Models;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch;

// B: batch, P: positions of the prefix, T: positions behind it, H: query heads, G: key/value heads, D: head size.
/// <summary>Causal multi-head attention, grouped (Ainslie et al. 2023) where there are fewer key/value heads than query heads.</summary>
internal sealed class Attention(DecoderWeights weights, int layer, Rotary? rotary)
{
    private readonly DecoderSpec _spec = weights.Spec;
    private readonly double _queryScale = weights.Spec.AttentionScale * Math.Sqrt(weights.Spec.HeadSize);
    private readonly Linear _query = new(weights, DecoderTensors.Query(layer));
    private readonly Linear _key = new(weights, DecoderTensors.Key(layer));
    private readonly Linear _value = new(weights, DecoderTensors.Value(layer));
    private readonly Norm? _queryNorm = Norm.Find(weights, DecoderTensors.QueryNorm(layer));
    private readonly Norm? _keyNorm = Norm.Find(weights, DecoderTensors.KeyNorm(layer));
    private readonly Linear _output = new(weights, DecoderTensors.AttentionOutput(layer));

    /// <param name="mask">[T, P + T] or [H, T, P + T], added to the scaled products; null: causal, and no prefix.</param>
    /// <param name="prefix">Keys and values in front of everybody's own, used as they are: [2, G, P, D].</param>
    public Tensor Forward(Tensor x, Tensor? mask, Tensor? prefix)
    {
        using var scope = NewDisposeScope();
        var first = (int)(prefix?.shape[2] ?? 0);
        var q = Rotated(Heads(_query, _queryNorm, x, _spec.HeadCount), first);     // [B, H, T, D]
        var (k, v) = KeysValues(x, first);
        if (prefix is not null)
            (k, v) = (Behind(prefix[0], k), Behind(prefix[1], v));                 // [B, G, P + T, D]
        (k, v) = (Repeat(k), Repeat(v));                                           // [B, H, P + T, D]
        var y = _spec.AttentionSoftCap is { } cap ? Capped(q, k, v, mask, cap) : Attend(q, k, v, mask);
        return _output.Forward(y.transpose(1, 2).flatten(2)).MoveToOuterDisposeScope();
    }

    /// <param name="first">The position of the first row.</param>
    /// <returns>As attention uses them, rotated: [B, G, T, D] each.</returns>
    public (Tensor Keys, Tensor Values) KeysValues(Tensor x, int first) => (
        Rotated(Heads(_key, _keyNorm, x, _spec.KeyValueHeadCount), first), Heads(_value, null, x, _spec.KeyValueHeadCount));

    private static Tensor Behind(Tensor prefix, Tensor own) => cat([prefix.expand(own.shape[0], -1, -1, -1), own], 2);

    private Tensor Attend(Tensor q, Tensor k, Tensor v, Tensor? mask)
    {
        // The function scales by 1 / sqrt(D) itself.
        var scaled = _queryScale == 1 ? q : q * _queryScale;
        return nn.functional.scaled_dot_product_attention(scaled, k, v, mask, is_casual: mask is null);
    }

    private Tensor Capped(Tensor q, Tensor k, Tensor v, Tensor? mask, double cap)
    {
        var products = q.matmul(k.transpose(-2, -1)) * _spec.AttentionScale;       // [B, H, T, P + T]
        var scores = (products / cap).tanh() * cap + (mask ?? AttentionMasks.Causal(0, q.shape[2], q.device));
        return nn.functional.softmax(scores, -1).matmul(v);
    }

    /// <summary>[B, heads, T, D].</summary>
    private Tensor Heads(Linear projection, Norm? norm, Tensor x, int count)
    {
        var y = projection.Forward(x);
        if (_spec.QueryKeyValueClip is { } clip)
            y = y.clamp(-clip, clip);
        if (norm is not null && _spec.QueryKeyNorm == QueryKeyNormKind.WholeWidth)
            y = norm.Forward(y);
        y = y.view(x.shape[0], x.shape[1], count, _spec.HeadSize);
        if (norm is not null && _spec.QueryKeyNorm == QueryKeyNormKind.PerHead)
            y = norm.Forward(y);
        return y.transpose(1, 2);
    }

    private Tensor Rotated(Tensor x, int first) => rotary is null ? x : rotary.Apply(x, first);

    private Tensor Repeat(Tensor x) =>
        _spec.HeadCount == _spec.KeyValueHeadCount ? x : x.repeat_interleave(_spec.HeadCount / _spec.KeyValueHeadCount, 1);
}
