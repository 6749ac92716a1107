using SoftPromptGrpc.Core.Models;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch;

// B: batch, P: positions of the prefix, T: positions behind it, H: query heads, G: key/value heads, D: head size.
/// <summary>Causal multi-head attention, grouped (Ainslie et al. 2023) where there are fewer key/value heads than query heads.</summary>
internal sealed class Attention(DecoderWeights weights, int layer, Rotary? rotary)
{
    private readonly DecoderSpec _spec = weights.Spec;
    private readonly Linear _query = new(weights, DecoderTensors.Query(layer));
    private readonly Linear _key = new(weights, DecoderTensors.Key(layer));
    private readonly Linear _value = new(weights, DecoderTensors.Value(layer));
    private readonly Linear _output = new(weights, DecoderTensors.AttentionOutput(layer));

    /// <param name="mask">[T, P + T], true where a query sees a key; null: causal, and no prefix.</param>
    /// <param name="prefix">Keys and values in front of everybody's own, used as they are: [2, G, P, D].</param>
    public Tensor Forward(Tensor x, Tensor? mask, Tensor? prefix)
    {
        using var scope = NewDisposeScope();
        var first = (int)(prefix?.shape[2] ?? 0);
        var q = Rotated(Heads(_query.Forward(x), _spec.HeadCount), first);         // [B, H, T, D]
        var (k, v) = KeysValues(x, first);
        if (prefix is not null)
            (k, v) = (Behind(prefix[0], k), Behind(prefix[1], v));                 // [B, G, P + T, D]
        (k, v) = (Repeat(k), Repeat(v));                                           // [B, H, P + T, D]
        var y = nn.functional.scaled_dot_product_attention(q, k, v, mask, is_casual: mask is null);
        return _output.Forward(y.transpose(1, 2).flatten(2)).MoveToOuterDisposeScope();
    }

    /// <param name="first">The position of the first row.</param>
    /// <returns>As attention uses them, rotated: [B, G, T, D] each.</returns>
    public (Tensor Keys, Tensor Values) KeysValues(Tensor x, int first) => (
        Rotated(Heads(_key.Forward(x), _spec.KeyValueHeadCount), first), Heads(_value.Forward(x), _spec.KeyValueHeadCount));

    private static Tensor Behind(Tensor prefix, Tensor own) => cat([prefix.expand(own.shape[0], -1, -1, -1), own], 2);

    private Tensor Rotated(Tensor x, int first) => rotary is null ? x : rotary.Apply(x, first);

    private Tensor Heads(Tensor x, int count) => x.view(x.shape[0], x.shape[1], count, _spec.HeadSize).transpose(1, 2);

    private Tensor Repeat(Tensor x) =>
        _spec.HeadCount == _spec.KeyValueHeadCount ? x : x.repeat_interleave(_spec.HeadCount / _spec.KeyValueHeadCount, 1);
}
