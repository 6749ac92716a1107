using SoftPromptGrpc.Core.Models;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch;

/// <summary>Attention, MLP and their norms, joined as <see cref="ResidualKind"/> says.</summary>
internal sealed class DecoderLayer(DecoderWeights weights, int layer, Rotary? rotary)
{
    private readonly ResidualKind _residual = weights.Spec.Residual;
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
        var attention = new Sublayer(y => _attention.Forward(y, mask, prefix), _attentionInput, _attentionOutput);
        var mlp = new Sublayer(_mlp.Forward, _mlpInput, _mlpOutput);
        var sum = _residual switch
        {
            ResidualKind.Sequential or ResidualKind.OutputNorm or ResidualKind.Sandwich => mlp.AddTo(attention.AddTo(x)),
            ResidualKind.SequentialFromNorm => mlp.AddToInput(attention.AddToInput(x)),
            ResidualKind.PostNorm => mlp.NormSum(attention.NormSum(x)),
            ResidualKind.Parallel => x + attention.Of(x) + mlp.Of(x),
            ResidualKind.ParallelOneNorm => attention.AddTo(x) + mlp.Of(attention.Input(x)),
        };
        return sum.MoveToOuterDisposeScope();
    }

    /// <summary>What this layer would attend to, were these rows in front of others.</summary>
    public Tensor KeysValues(Tensor x)
    {
        using var scope = NewDisposeScope();
        var (keys, values) = _attention.KeysValues(_attentionInput?.Forward(x) ?? x, first: 0);
        return stack([keys, values], 1).MoveToOuterDisposeScope();
    }

    private readonly record struct Sublayer(Func<Tensor, Tensor> Body, Norm? InputNorm, Norm? OutputNorm)
    {
        public Tensor Input(Tensor x) => InputNorm?.Forward(x) ?? x;

        public Tensor Of(Tensor x) => Output(Body(Input(x)));

        public Tensor AddTo(Tensor x) => x + Of(x);

        public Tensor AddToInput(Tensor x)
        {
            var input = Input(x);
            return input + Output(Body(input));
        }

        public Tensor NormSum(Tensor x) => Output(x + Body(x));

        private Tensor Output(Tensor y) => OutputNorm?.Forward(y) ?? y;
    }
}
