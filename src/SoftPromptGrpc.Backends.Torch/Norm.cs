using SoftPromptGrpc.Core.Models;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch;

/// <summary>Layer norm (Ba et al. 2016) or RMS norm (Zhang and Sennrich 2019) over the last dimension.</summary>
internal sealed class Norm
{
    private readonly NormKind _kind;
    private readonly double _epsilon;
    private readonly Tensor _weight;
    private readonly Tensor? _bias;

    private Norm(NormKind kind, double epsilon, Tensor weight, Tensor? bias) =>
        (_kind, _epsilon, _weight, _bias) = (kind, epsilon, weight, bias);

    /// <summary>Null where the spec has no such norm.</summary>
    public static Norm? Find(DecoderWeights weights, string name) => Find(weights, name, weights.Spec.Norm, weights.Spec.NormEpsilon);

    /// <inheritdoc cref="Find(DecoderWeights, string)"/>
    public static Norm? Find(EncoderDecoderWeights weights, string name) =>
        Find(weights, name, weights.Spec.Norm, weights.Spec.NormEpsilon);

    public Tensor Forward(Tensor x) => _kind switch
    {
        NormKind.Layer => nn.functional.layer_norm(x, [_weight.shape[0]], _weight, _bias, _epsilon),
        NormKind.Rms => _weight * (x * (x.square().mean([-1], keepdim: true) + _epsilon).rsqrt()),
    };

    private static Norm? Find(ModelWeights weights, string name, NormKind kind, double epsilon) =>
        weights.Find($"{name}.weight") is { } weight ? new(kind, epsilon, weight, weights.Find($"{name}.bias")) : null;
}
