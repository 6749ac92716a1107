using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Fixtures;
using TorchSharp;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch.Tests;

/// <summary>Weights that stay in 16 bits give what the same weights give in float32, bit for bit.</summary>
public sealed class HalfProductTests
{
    [Theory]
    [MemberData(nameof(CausalModels.HalfPrecision), MemberType = typeof(CausalModels))]
    public void Forward_WeightsInSixteenBits_GivesTheBitsOfFloat32(string name)
    {
        var (wide, wideGradient) = Run(name, keepsPrecision: false);
        var (kept, keptGradient) = Run(name, keepsPrecision: true);

        Assert.Equal(wide, kept);
        Assert.Equal(wideGradient, keptGradient);
    }

    [Theory]
    [MemberData(nameof(CausalModels.HalfPrecision), MemberType = typeof(CausalModels))]
    public void Load_KeepingThePrecision_TakesHalf(string name)
    {
        var model = Goldens.LoadModel(name);
        using var files = model.Weights;
        using var weights = DecoderWeights.Load((DecoderSpec)model.Spec, model.Weights, CPU, keepsPrecision: true);

        Assert.All(weights.Named, w => Assert.Equal(w.Tensor.dim() > 1 ? 2 : 4, w.Tensor.element_size()));
        Assert.Equal(weights.Named.Sum(w => w.Tensor.NumberOfElements * w.Tensor.element_size()), model.WeightBytes(keepsPrecision: true));
        Assert.Equal(4 * model.ParameterCount, model.WeightBytes(keepsPrecision: false));
    }

    [Fact]
    public void Backward_ManyTimes_LeavesNoTensors()
    {
        var model = Goldens.LoadModel("llama_bf16");
        using var files = model.Weights;
        using var weights = DecoderWeights.Load((DecoderSpec)model.Spec, model.Weights, CPU, keepsPrecision: true);
        using var decoder = new Decoder(weights);
        Differentiate(decoder);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        for (var i = 0; i < 3; i++)
            Differentiate(decoder);

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    private static (float[] Logits, float[] Gradient) Run(string name, bool keepsPrecision)
    {
        var model = Goldens.LoadModel(name);
        using var files = model.Weights;
        using var weights = DecoderWeights.Load((DecoderSpec)model.Spec, model.Weights, CPU, keepsPrecision);
        using var decoder = new Decoder(weights);
        return Differentiate(decoder);
    }

    private static (float[] Logits, float[] Gradient) Differentiate(Decoder decoder)
    {
        using var scope = NewDisposeScope();
        var text = decoder.Embed(tensor(new long[] { 5, 3, 8, 13, 2, 7 })).unsqueeze(0);
        var prompt = (arange(3 * decoder.Spec.HiddenSize, float32).view(1, 3, -1) * 1e-3).requires_grad_();
        var logits = decoder.Head(decoder.Forward(cat([prompt, text], 1)));
        var gradient = autograd.grad([logits.square().mean()], [prompt])[0];
        return (logits.data<float>().ToArray(), gradient.data<float>().ToArray());
    }
}
