using SoftPromptGrpc.Core.Models;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch;

internal sealed class DecoderLayer(DecoderWeights weights, int layer, Rotary? rotary)
{
    private readonly ResidualKind _residual = weights.Spec.Residual;
    private readonly Norm _inputNorm = Norm.Find(weights, DecoderTensors.InputNorm(layer))!;
    private readonly Attention _attention = new(weights, layer, rotary);
    private readonly Norm _mlpNorm = Norm.Find(weights, DecoderTensors.MlpNorm(layer))!;
    private readonly Mlp _mlp = new(weights, layer);

    public Tensor Forward(Tensor x, Tensor? mask, Tensor? prefix)
    {
        using var scope = NewDisposeScope();
        var attended = x + _attention.Forward(_inputNorm.Forward(x), mask, prefix);
        var mlpInput = _residual switch
        {
            ResidualKind.Sequential => attended,
            ResidualKind.Parallel => x,
        };
        return (attended + _mlp.Forward(_mlpNorm.Forward(mlpInput))).MoveToOuterDisposeScope();
    }

    /// <summary>What this layer would attend to, were these rows in front of others.</summary>
    public Tensor KeysValues(Tensor x)
    {
        using var scope = NewDisposeScope();
        var (keys, values) = _attention.KeysValues(_inputNorm.Forward(x), first: 0);
        return stack([keys, values], 1).MoveToOuterDisposeScope();
    }
}
