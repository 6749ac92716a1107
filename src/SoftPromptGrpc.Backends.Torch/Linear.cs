using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch;

/// <summary>x * weight^T + bias over weights that somebody else owns.</summary>
internal sealed class Linear(DecoderWeights weights, string name)
{
    private readonly Tensor _weight = weights[$"{name}.weight"];
    private readonly Tensor? _bias = weights.Find($"{name}.bias");

    public Tensor Forward(Tensor x) => nn.functional.linear(x, _weight, _bias);
}
