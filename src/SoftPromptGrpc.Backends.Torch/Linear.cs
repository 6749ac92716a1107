using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch;

/// <summary>x * weight^T + bias over weights that somebody else owns.</summary>
internal sealed class Linear(ModelWeights weights, string name)
{
    private readonly Tensor _weight = weights[$"{name}.weight"];
    private readonly Tensor? _bias = weights.Find($"{name}.bias");

    /// <summary>Null where the spec has no such projection.</summary>
    public static Linear? Find(ModelWeights weights, string name) =>
        weights.Find($"{name}.weight") is null ? null : new(weights, name);

    public Tensor Forward(Tensor x) => weights.Multiply(x, _weight, _bias);
}
