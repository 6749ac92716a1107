using SoftPromptGrpc.Core.Models;
using TorchSharp;

namespace SoftPromptGrpc.Backends.Torch.Tests;

public sealed class DecoderWeightsTests
{
    private static readonly DecoderSpec Spec = new()
    {
        ModelType = "test",
        VocabularySize = 30,
        HiddenSize = 16,
        LayerCount = 2,
        HeadCount = 4,
        KeyValueHeadCount = 2,
        HeadSize = 4,
        MlpSize = 24,
        ContextLength = 12,
        Norm = NormKind.Rms,
        NormEpsilon = 1e-5,
        Positions = PositionKind.Rotary,
        Rotary = new RotarySpec(10000, 4),
        Residual = ResidualKind.Sequential,
        Activation = ActivationKind.Silu,
        GatedMlp = true,
        AttentionBias = false,
        AttentionOutputBias = false,
        MlpBias = false,
        TiedHead = true,
    };

    [Fact]
    public void Random_SameSeed_SameWeights()
    {
        using var first = DecoderWeights.Random(Spec, 7, torch.CPU);
        using var second = DecoderWeights.Random(Spec, 7, torch.CPU);
        using var other = DecoderWeights.Random(Spec, 8, torch.CPU);

        Assert.All(first.Named, t => Assert.True(t.Tensor.Equals(second[t.Name])));
        Assert.False(first[DecoderTensors.TokenEmbedding].Equals(other[DecoderTensors.TokenEmbedding]));
    }

    [Fact]
    public void Random_TrainedOneStep_GradientReachesEveryWeight()
    {
        using var weights = DecoderWeights.Random(Spec, 7, torch.CPU);
        using var decoder = new Decoder(weights);
        using var scope = torch.NewDisposeScope();
        var ids = torch.tensor(new long[] { 3, 1, 4, 1, 5, 9, 2, 6 }).view(2, 4);

        var logits = decoder.Head(decoder.Forward(decoder.Embed(ids)));
        torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids.flatten()).backward();

        Assert.All(weights.Named, t => Assert.True(t.Tensor.grad?.abs().sum().item<float>() > 0, t.Name));
    }
}
