using SoftPromptGrpc.Core.Models;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch;

/// <summary>down(activation(up(x))), or down(activation(gate(x)) * up(x)) where the weights have a gate.</summary>
internal sealed class Mlp(ModelWeights weights, ActivationKind activation, string gate, string up, string down)
{
    private readonly Linear? _gate = Linear.Find(weights, gate);
    private readonly Linear _up = new(weights, up);
    private readonly Linear _down = new(weights, down);

    public Mlp(DecoderWeights weights, int layer)
        : this(weights, weights.Spec.Activation, DecoderTensors.Gate(layer), DecoderTensors.Up(layer), DecoderTensors.Down(layer))
    {
    }

    public Tensor Forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var inner = _gate is null ? Activate(_up.Forward(x)) : Activate(_gate.Forward(x)) * _up.Forward(x);
        return _down.Forward(inner).MoveToOuterDisposeScope();
    }

    private Tensor Activate(Tensor x) => activation switch
    {
        ActivationKind.Gelu => nn.functional.gelu(x),
        ActivationKind.GeluTanh => nn.functional.gelu(x, GELU.Approximate.tanh),
        ActivationKind.Silu => nn.functional.silu(x),
        ActivationKind.Relu => nn.functional.relu(x),
        ActivationKind.QuickGelu => x * (1.702 * x).sigmoid(),
    };
}
