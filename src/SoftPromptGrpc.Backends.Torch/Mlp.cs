using SoftPromptGrpc.Core.Models;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch;

internal sealed class Mlp(DecoderWeights weights, int layer)
{
    private readonly ActivationKind _activation = weights.Spec.Activation;
    private readonly Linear? _gate = weights.Spec.GatedMlp ? new(weights, DecoderTensors.Gate(layer)) : null;
    private readonly Linear _up = new(weights, DecoderTensors.Up(layer));
    private readonly Linear _down = new(weights, DecoderTensors.Down(layer));

    public Tensor Forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var inner = _gate is null ? Activate(_up.Forward(x)) : Activate(_gate.Forward(x)) * _up.Forward(x);
        return _down.Forward(inner).MoveToOuterDisposeScope();
    }

    private Tensor Activate(Tensor x) => _activation switch
    {
        ActivationKind.Gelu => nn.functional.gelu(x),
        ActivationKind.GeluTanh => nn.functional.gelu(x, GELU.Approximate.tanh),
        ActivationKind.Silu => nn.functional.silu(x),
        ActivationKind.Relu => nn.functional.relu(x),
    };
}
