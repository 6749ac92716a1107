using SoftPromptGrpc.Core.Models;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch;

// B: batch, T: queries, P: positions of the prefix, S: rows of the source, N: heads, D: head size.
/// <summary>Multi-head attention whose masks and relative positions are one bias, added to the products of queries and keys.</summary>
internal sealed class BiasedAttention(EncoderDecoderWeights weights, string name)
{
    private readonly EncoderDecoderSpec _spec = weights.Spec;
    private readonly Linear _query = new(weights, EncoderDecoderTensors.Query(name));
    private readonly Linear _key = new(weights, EncoderDecoderTensors.Key(name));
    private readonly Linear _value = new(weights, EncoderDecoderTensors.Value(name));
    private readonly Linear _output = new(weights, EncoderDecoderTensors.Output(name));

    /// <param name="x">What asks: [B, T, hidden size].</param>
    /// <param name="source">What keys and values are made of: [B, S, hidden size].</param>
    /// <param name="bias">[B or 1, N or 1, T or 1, P + S]; null: none.</param>
    /// <param name="prefix">[2, N, P, D].</param>
    public Tensor Forward(Tensor x, Tensor source, Tensor? bias, Tensor? prefix = null)
    {
        using var scope = NewDisposeScope();
        var q = Heads(_query.Forward(x)) * _spec.AttentionScale;                   // [B, N, T, D]
        var (k, v) = (Heads(_key.Forward(source)), Heads(_value.Forward(source))); // [B, N, S, D]
        if (prefix is not null)
            (k, v) = (Behind(prefix[0], k), Behind(prefix[1], v));                 // [B, N, P + S, D]
        var products = q.matmul(k.transpose(-2, -1));                              // [B, N, T, P + S]
        var y = (bias is null ? products : products + bias).softmax(-1).matmul(v);
        return _output.Forward(y.transpose(1, 2).flatten(2)).MoveToOuterDisposeScope();
    }

    private static Tensor Behind(Tensor prefix, Tensor own) => cat([prefix.expand(own.shape[0], -1, -1, -1), own], 2);

    private Tensor Heads(Tensor x) => x.view(x.shape[0], x.shape[1], _spec.HeadCount, _spec.HeadSize).transpose(1, 2);
}
