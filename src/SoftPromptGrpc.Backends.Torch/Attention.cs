using SoftPromptGrpc.Core.Models;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch;

// B: batch, T: positions, H: query heads, G: key/value heads, D: head size.
/// <summary>Causal multi-head attention, grouped (Ainslie et al. 2023) where there are fewer key/value heads than query heads.</summary>
internal sealed class Attention(DecoderWeights weights, int layer, Rotary? rotary)
{
    private readonly DecoderSpec _spec = weights.Spec;
    private readonly Linear _query = new(weights, DecoderTensors.Query(layer));
    private readonly Linear _key = new(weights, DecoderTensors.Key(layer));
    private readonly Linear _value = new(weights, DecoderTensors.Value(layer));
    private readonly Linear _output = new(weights, DecoderTensors.AttentionOutput(layer));

    /// <param name="mask">[T, T], true where a query sees a key; null: causal.</param>
    public Tensor Forward(Tensor x, Tensor? mask)
    {
        using var scope = NewDisposeScope();
        var q = Heads(_query.Forward(x), _spec.HeadCount);                         // [B, H, T, D]
        var k = Heads(_key.Forward(x), _spec.KeyValueHeadCount);                   // [B, G, T, D]
        var v = Heads(_value.Forward(x), _spec.KeyValueHeadCount);
        if (rotary is not null)
            (q, k) = (rotary.Apply(q), rotary.Apply(k));
        (k, v) = (Repeat(k), Repeat(v));                                           // [B, H, T, D]
        var y = nn.functional.scaled_dot_product_attention(q, k, v, mask, is_casual: mask is null);
        return _output.Forward(y.transpose(1, 2).flatten(2)).MoveToOuterDisposeScope();
    }

    private Tensor Heads(Tensor x, int count) => x.view(x.shape[0], x.shape[1], count, _spec.HeadSize).transpose(1, 2);

    private Tensor Repeat(Tensor x) =>
        _spec.HeadCount == _spec.KeyValueHeadCount ? x : x.repeat_interleave(_spec.HeadCount / _spec.KeyValueHeadCount, 1);
}
