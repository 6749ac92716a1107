using SoftPromptGrpc.Core.Models;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch;

/// <summary>Self-attention, in a decoder cross-attention, and an MLP.</summary>
internal sealed class TransformerHalfLayer
{
    private readonly int _index;
    private readonly bool _postNorm;
    private readonly (Norm Norm, BiasedAttention Attention) _self;
    private readonly (Norm Norm, BiasedAttention Attention)? _cross;
    private readonly (Norm Norm, Mlp Mlp) _mlp;

    public TransformerHalfLayer(EncoderDecoderWeights weights, string half, int layer)
    {
        (_index, _postNorm) = (layer, weights.Spec.PostNorm);
        _self = Attention(EncoderDecoderTensors.SelfAttention(half, layer));
        _cross = half == EncoderDecoderTensors.Decoder ? Attention(EncoderDecoderTensors.CrossAttention(layer)) : null;
        var mlp = EncoderDecoderTensors.Mlp(half, layer);
        _mlp = (NormOf(mlp), new Mlp(
            weights, weights.Spec.Activation,
            EncoderDecoderTensors.Gate(mlp), EncoderDecoderTensors.Up(mlp), EncoderDecoderTensors.Down(mlp)));

        (Norm, BiasedAttention) Attention(string name) => (NormOf(name), new BiasedAttention(weights, name));

        Norm NormOf(string sublayer) => Norm.Find(weights, EncoderDecoderTensors.NormOf(sublayer))!;
    }

    public Tensor Forward(Tensor x, HalfContext context)
    {
        using var scope = NewDisposeScope();
        x = Join(_self.Norm, x, y => _self.Attention.Forward(y, y, context.Bias, context.Prefix?[_index]));
        if (_cross is { } cross)
            x = Join(cross.Norm, x, y => cross.Attention.Forward(y, context.Encoded!, context.EncodedBias));
        return Join(_mlp.Norm, x, _mlp.Mlp.Forward).MoveToOuterDisposeScope();
    }

    private Tensor Join(Norm norm, Tensor x, Func<Tensor, Tensor> sublayer) =>
        _postNorm ? norm.Forward(x + sublayer(x)) : x + sublayer(norm.Forward(x));
}
