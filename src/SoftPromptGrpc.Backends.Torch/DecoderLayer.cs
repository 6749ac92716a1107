using SoftPromptGrpc.Backends.Torch.Packing;
using SoftPromptGrpc.Core.Models;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch;

/// <summary>Attention, MLP and their norms, joined as <see cref="ResidualKind"/> says.</summary>
internal sealed class DecoderLayer(DecoderWeights weights, int layer, Rotary? rotary)
{
    private readonly ResidualKind _residual = weights.Spec.Residual;
    private readonly bool _isLast = layer == weights.Spec.LayerCount - 1;
    private readonly Attention _attention = new(weights, layer, rotary);
    private readonly Mlp _mlp = new(weights, layer);

    // A norm that the kind of residual does not have passes its input on.
    private readonly Norm? _attentionInput = Norm.Find(weights, DecoderTensors.InputNorm(layer));
    private readonly Norm? _attentionOutput = Norm.Find(weights, DecoderTensors.AttentionOutputNorm(layer));
    private readonly Norm? _mlpInput = Norm.Find(weights, DecoderTensors.MlpNorm(layer));
    private readonly Norm? _mlpOutput = Norm.Find(weights, DecoderTensors.MlpOutputNorm(layer));

    public Tensor Forward(Tensor x, Tensor? mask, Tensor? prefix)
    {
        using var scope = NewDisposeScope();
        var input = Normed(_attentionInput, x);
        return Join(new Rows(x), new Rows(input), _attention.Forward(input, mask, prefix)).MoveToOuterDisposeScope();
    }

    /// <returns>Of all rows; of the last layer those that are needed.</returns>
    public Tensor Forward(Rows x, PackedPass pass)
    {
        using var scope = NewDisposeScope();
        var input = x.Map(part => Normed(_attentionInput, part));
        var needed = _isLast ? pass.Needed : null;
        return Join(x.Select(needed), input.Select(needed), _attention.Forward(input, pass)).MoveToOuterDisposeScope();
    }

    /// <summary>What this layer would attend to, were these rows in front of others.</summary>
    /// <param name="first">The position of the first row.</param>
    public Tensor KeysValues(Tensor x, int first)
    {
        using var scope = NewDisposeScope();
        var (keys, values) = _attention.KeysValues(Normed(_attentionInput, x), first);
        return stack([keys, values], 1).MoveToOuterDisposeScope();
    }

    /// <param name="x">The residual stream.</param>
    /// <param name="input">What attention was computed from.</param>
    private Tensor Join(Rows x, Rows input, Tensor attended) => _residual switch
    {
        ResidualKind.Sequential or ResidualKind.OutputNorm or ResidualKind.Sandwich =>
            AddMlp(x.Whole + Normed(_attentionOutput, attended)),
        ResidualKind.SequentialFromNorm => AddMlpToInput(input.Whole + Normed(_attentionOutput, attended)),
        ResidualKind.PostNorm => NormSum(Normed(_attentionOutput, x.Whole + attended)),
        ResidualKind.Parallel => x.Whole + Normed(_attentionOutput, attended) + x.Map(Mlp).Whole,
        ResidualKind.ParallelOneNorm => x.Whole + Normed(_attentionOutput, attended) + input.Map(Mlp).Whole,
    };

    private Tensor AddMlp(Tensor x) => x + Mlp(x);

    private Tensor AddMlpToInput(Tensor x)
    {
        var input = Normed(_mlpInput, x);
        return input + Normed(_mlpOutput, _mlp.Forward(input));
    }

    private Tensor NormSum(Tensor x) => Normed(_mlpOutput, x + _mlp.Forward(x));

    private Tensor Mlp(Tensor x) => Normed(_mlpOutput, _mlp.Forward(Normed(_mlpInput, x)));

    private static Tensor Normed(Norm? norm, Tensor x) => norm?.Forward(x) ?? x;
}
