using SoftPromptGrpc.Core.Models;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch;

/// <summary>Layer norm (Ba et al. 2016) or RMS norm (Zhang and Sennrich 2019) over the last dimension.</summary>
internal sealed class Norm(DecoderWeights weights, string name)
{
    private readonly DecoderSpec _spec = weights.Spec;
    private readonly Tensor _weight = weights[$"{name}.weight"];
    private readonly Tensor? _bias = weights.Find($"{name}.bias");

    public Tensor Forward(Tensor x) => _spec.Norm switch
    {
        NormKind.Layer => nn.functional.layer_norm(x, [_spec.HiddenSize], _weight, _bias, _spec.NormEpsilon),
        NormKind.Rms => _weight * (x * (x.square().mean([-1], keepdim: true) + _spec.NormEpsilon).rsqrt()),
    };
}
