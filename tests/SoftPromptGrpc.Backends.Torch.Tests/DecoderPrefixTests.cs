using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Fixtures;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch.Tests;

/// <summary>Keys and values in front of a sequence.</summary>
public sealed class DecoderPrefixTests
{
    [Theory]
    [MemberData(nameof(CausalModels.Complete), MemberType = typeof(CausalModels))]
    public void Forward_BehindItsOwnKeysAndValues_IsTheRestOfTheWhole(string name) => With(name, decoder =>
    {
        using var frozen = no_grad();
        var embeddings = decoder.Embed(tensor(new CausalGoldens(name).Rows[0]));

        var whole = decoder.Forward(embeddings.unsqueeze(0));
        var rest = decoder.Forward(embeddings[4..].unsqueeze(0), decoder.KeysValues(embeddings[..4]));

        Assert.Equal(5, rest.shape[1]);
        Assert.True(whole.narrow(1, 4, 5).allclose(rest, atol: 1e-5));
    });

    [Theory]
    [MemberData(nameof(PeftGoldens.Prefixes), MemberType = typeof(PeftGoldens))]
    public void Forward_BehindAPrefixOfPeft_LogitsAndLossAreGolden(string name, string adapter) => With(name, decoder =>
    {
        using var frozen = no_grad();
        var (inputs, golden) = (new CausalGoldens(name), new PeftGoldens(name, adapter));

        var logits = decoder.Head(decoder.Forward(decoder.Embed(inputs.Ids()), Unpacked(golden.Saved, decoder.Spec)));

        inputs.AssertLogits(golden.Output, logits, 0);
        Assert.Equal(golden.Output.Loss, inputs.Loss(logits, 0).item<float>(), 1e-5);
    });

    /// <summary>From PEFT's [tokens, layers, 2, heads, head size].</summary>
    private static Tensor Unpacked(float[] saved, DecoderSpec spec) =>
        tensor(saved).view(PeftGoldens.VirtualTokens, spec.LayerCount, 2, spec.KeyValueHeadCount, spec.HeadSize).permute(1, 2, 3, 0, 4);

    private static void With(string name, Action<Decoder> test)
    {
        var model = Goldens.LoadModel(name);
        using var source = model.Weights;
        using var weights = DecoderWeights.Load((DecoderSpec)model.Spec, source, CPU);
        using var decoder = new Decoder(weights);
        using var scope = NewDisposeScope();
        test(decoder);
    }
}
