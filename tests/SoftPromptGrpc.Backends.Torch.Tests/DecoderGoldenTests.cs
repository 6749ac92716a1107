using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Fixtures;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch.Tests;

/// <summary>The decoder against transformers, family by family.</summary>
public sealed class DecoderGoldenTests
{
    [Theory]
    [MemberData(nameof(CausalModels.Complete), MemberType = typeof(CausalModels))]
    [MemberData(nameof(CausalModels.Variants), MemberType = typeof(CausalModels))]
    [MemberData(nameof(CausalModels.HalfPrecision), MemberType = typeof(CausalModels))]
    public void Forward_PaddedRows_LogitsAndLossAreGolden(string name) => With(name, (decoder, golden) =>
    {
        using var frozen = no_grad();

        var logits = decoder.Head(decoder.Forward(decoder.Embed(golden.Ids())));

        golden.AssertLogits(golden.Forward, logits, 0);
        Assert.Equal(golden.Forward.Loss, golden.Loss(logits, 0).item<float>(), 1e-5);
    });

    [Theory]
    [MemberData(nameof(CausalModels.Complete), MemberType = typeof(CausalModels))]
    [MemberData(nameof(CausalModels.Variants), MemberType = typeof(CausalModels))]
    public void Forward_BehindAPrompt_LogitsLossAndGradientAreGolden(string name) => With(name, (decoder, golden) =>
    {
        var (prompt, logits) = Behind(golden.Prompt, decoder, golden);
        var loss = golden.Loss(logits, CausalGoldens.VirtualTokens);
        loss.backward();

        golden.AssertLogits(golden.SoftPrompt, logits, CausalGoldens.VirtualTokens);
        Assert.Equal(golden.SoftPrompt.Loss, loss.item<float>(), 1e-5);
        Assert.All(prompt.grad!.data<float>().Zip(golden.PromptGradient), g => Assert.Equal(g.Second, g.First, 1e-5));
    });

    [Theory]
    [MemberData(nameof(CausalModels.Complete), MemberType = typeof(CausalModels))]
    public void Forward_RowsPaddedOnTheLeft_LogitsAndLossAreGoldenAsWithoutPadding(string name) => With(name, (decoder, golden) =>
    {
        using var frozen = no_grad();

        var logits = decoder.Head(decoder.Forward(decoder.Embed(golden.Ids())));

        Assert.All(golden.LeftForward, left => golden.AssertPoints(left, logits, 0, golden.LeftLabels));
    });

    [Theory]
    [MemberData(nameof(CausalModels.Complete), MemberType = typeof(CausalModels))]
    public void Forward_PaddedBetweenPromptAndText_IsGoldenAsWithoutPadding(string name) => With(name, (decoder, golden) =>
    {
        var (prompt, logits) = Behind(golden.Prompt, decoder, golden);

        golden.AssertPoints(golden.LeftSoftPrompt, logits, CausalGoldens.VirtualTokens, golden.LeftLabels);
        if (CausalModels.CountsFromMask(name))
        {
            golden.Loss(logits, CausalGoldens.VirtualTokens, golden.LeftLabels).backward();
            Assert.All(prompt.grad!.data<float>().Zip(golden.LeftPromptGradient), g => Assert.Equal(g.Second, g.First, 1e-5));
        }
    });

    [Theory]
    [InlineData("gemma")]
    [InlineData("gemma2")]
    public void Forward_GemmaBehindAPrompt_IsAsInTransformers5(string name) => With(name, (decoder, golden) =>
    {
        var (prompt, logits) = Behind(golden.StoredPrompt, decoder, golden);
        golden.Loss(logits, CausalGoldens.VirtualTokens).backward();

        foreach (var padding in Enum.GetValues<GoldenPadding>())
            golden.AssertPoints(golden.NewerPoints(padding), logits, CausalGoldens.VirtualTokens, golden.Labels);
        var expected = golden.NewerSoftPrompt(GoldenPadding.Right).GetProperty("grad_prompt");
        var gradient = expected.EnumerateArray().SelectMany(row => row.EnumerateArray());
        Assert.All(gradient.Zip(prompt.grad!.data<float>()), g => Assert.Equal(g.First.GetSingle(), g.Second, 1e-5f));
    });

    [Theory]
    [MemberData(nameof(CausalModels.Complete), MemberType = typeof(CausalModels))]
    public void Backward_FrozenWeights_GradientReachesNoWeight(string name) => With(name, (decoder, weights, golden) =>
    {
        var embeddings = decoder.Embed(golden.Ids()).requires_grad_();

        decoder.Head(decoder.Forward(embeddings)).sum().backward();

        Assert.NotNull(embeddings.grad);
        Assert.All(weights.Named, w => Assert.True(w.Tensor.grad is null && !w.Tensor.requires_grad, w.Name));
    });

    [Theory]
    [MemberData(nameof(CausalModels.Complete), MemberType = typeof(CausalModels))]
    public void Forward_LastTokenChanged_EarlierRowsStayTheSame(string name) => With(name, (decoder, golden) =>
    {
        using var frozen = no_grad();
        var ids = golden.Rows[0];
        int[] changed = [.. ids[..^1], ids[^1] + 1];

        var before = decoder.Forward(decoder.Embed(tensor(ids, int64).unsqueeze(0)));
        var after = decoder.Forward(decoder.Embed(tensor(changed, int64).unsqueeze(0)));

        Assert.True(before.narrow(1, 0, ids.Length - 1).Equals(after.narrow(1, 0, ids.Length - 1)));
        Assert.False(before.Equals(after));
    });

    /// <returns>The prompt as it takes its gradient, and the logits of every row behind it.</returns>
    private static (Tensor Prompt, Tensor Logits) Behind(float[] values, Decoder decoder, CausalGoldens golden)
    {
        var prompt = tensor(values).view(CausalGoldens.VirtualTokens, -1).requires_grad_();
        var embeddings = cat([prompt.unsqueeze(0).expand(golden.Rows.Length, -1, -1), decoder.Embed(golden.Ids())], 1);
        return (prompt, decoder.Head(decoder.Forward(embeddings)));
    }

    private static void With(string name, Action<Decoder, CausalGoldens> test) => With(name, (decoder, _, golden) => test(decoder, golden));

    private static void With(string name, Action<Decoder, DecoderWeights, CausalGoldens> test)
    {
        var model = Goldens.LoadModel(name);
        using var source = model.Weights;
        using var weights = DecoderWeights.Load((DecoderSpec)model.Spec, source, CPU);
        using var decoder = new Decoder(weights);
        using var scope = NewDisposeScope();
        test(decoder, weights, new CausalGoldens(name));
    }
}
