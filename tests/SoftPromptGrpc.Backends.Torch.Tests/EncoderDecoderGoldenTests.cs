using SoftPromptGrpc.Backends.Torch.Training.Methods;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Fixtures;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch.Tests;

/// <summary>The encoder-decoder against transformers, family by family.</summary>
public sealed class EncoderDecoderGoldenTests
{
    private const double Tolerance = 5e-5;

    public static MatrixTheoryData<string, GoldenPadding> Batches { get; } =
        new([.. EncoderDecoderGoldens.All.Select(row => row.Data)], [GoldenPadding.Right, GoldenPadding.Left]);

    public static MatrixTheoryData<string, GoldenPadding> Adapters { get; } =
        new([.. PeftGoldens.OfEncoderDecoder.Select(row => row.Data)], [GoldenPadding.Right, GoldenPadding.Left]);

    [Theory]
    [MemberData(nameof(Batches))]
    public void Decode_PaddedRows_EncodedLogitsAndLossAreGolden(string name, GoldenPadding padding) => With(name, (model, golden) =>
    {
        using var frozen = no_grad();
        var (ids, mask) = Padded(golden, padding);

        var encoded = model.Encode(model.Embed(ids), mask);
        var logits = Logits(model, golden, encoded, mask);

        AssertClose(golden.Encoded(padding), encoded, mask);
        AssertLogits(golden, golden.Forward(padding), logits);
        Assert.Equal(golden.Forward(padding).Loss, Loss(logits, golden).item<float>(), 1e-5);
    });

    [Theory]
    [MemberData(nameof(Batches))]
    public void Decode_BehindAPrompt_LogitsLossAndGradientAreGolden(string name, GoldenPadding padding) => With(name, (model, golden) =>
    {
        var (ids, mask) = Padded(golden, padding);
        var prompt = tensor(golden.Prompt).view(EncoderDecoderGoldens.VirtualTokens, -1).requires_grad_();
        var embeddings = cat([prompt.unsqueeze(0).expand(ids.shape[0], -1, -1), model.Embed(ids)], 1);
        mask = cat([ones(ids.shape[0], EncoderDecoderGoldens.VirtualTokens, dtype: ScalarType.Bool), mask], 1);

        var logits = Logits(model, golden, model.Encode(embeddings, mask), mask);
        var loss = Loss(logits, golden);
        loss.backward();

        AssertLogits(golden, golden.SoftPrompt(padding), logits);
        Assert.Equal(golden.SoftPrompt(padding).Loss, loss.item<float>(), 1e-5);
        Assert.All(prompt.grad!.data<float>().Zip(golden.PromptGradient(padding)), g => Assert.Equal(g.Second, g.First, 1e-5));
    });

    [Theory]
    [MemberData(nameof(Adapters))]
    public void Decode_BehindWhatPeftTrained_LogitsLossAndGradientsAreGolden(string adapter, GoldenPadding padding) =>
        With(PeftGoldens.EncoderDecoder, (model, golden) =>
        {
            var (peft, method) = (new PeftGoldens(PeftGoldens.EncoderDecoder, adapter), PeftMethods.Of(adapter));
            var tensors = method.Tensors(model.Spec, PeftGoldens.VirtualTokens).ToDictionary(
                slot => slot.Name, slot => slot.ToDevice(peft.Trainable[slot.Name][..slot.Length], CPU).requires_grad_());
            var (ids, mask) = Padded(golden, padding);

            var preamble = PromptNetwork.Forward(method, model.Spec, tensors);
            mask = cat([ones(ids.shape[0], preamble.RowCount, dtype: ScalarType.Bool), mask], 1);
            var encoded = model.Encode(preamble.InFrontOf(model.Embed(ids), zeros(ids.shape[0], int64)), mask);
            var logits = Logits(model, golden, encoded, mask, preamble.Prefix);
            var loss = Loss(logits, golden);
            loss.backward();

            AssertLogits(golden, peft.OutputOf(padding), logits);
            Assert.Equal(peft.OutputOf(padding).Loss, loss.item<float>(), 1e-5);
            Assert.All(tensors, t => Assert.All(
                t.Value.grad!.data<float>().Zip(peft.GradientOf(t.Key, padding)), pair => Assert.Equal(pair.Second, pair.First, 1e-5)));
        });

    [Theory]
    [MemberData(nameof(EncoderDecoderGoldens.All), MemberType = typeof(EncoderDecoderGoldens))]
    public void Decode_RowsAlone_LogitsAreGolden(string name) => With(name, (model, golden) =>
    {
        using var frozen = no_grad();
        for (var row = 0; row < golden.Inputs.Length; row++)
        {
            var encoded = model.Encode(model.Embed(tensor(golden.Inputs[row], int64).unsqueeze(0)));
            var shifted = Shifted(golden, golden.Targets[row]);
            var hidden = model.Decode(model.Embed(shifted.unsqueeze(0)), encoded);
            Assert.Equal(golden.DecoderInputs[row].Take(golden.Targets[row].Length), shifted.data<long>().Select(id => (int)id));
            AssertRow(golden.Forward(GoldenPadding.Right), row, model.Head(hidden)[0]);
        }
    });

    [Theory]
    [MemberData(nameof(EncoderDecoderGoldens.All), MemberType = typeof(EncoderDecoderGoldens))]
    public void Backward_FrozenWeights_GradientReachesNoWeight(string name) => With(name, (model, weights, golden) =>
    {
        var embeddings = model.Embed(tensor(golden.Inputs[0], int64).unsqueeze(0)).requires_grad_();

        model.Head(model.Decode(model.Embed(Shifted(golden, golden.Targets[0]).unsqueeze(0)), model.Encode(embeddings))).sum().backward();

        Assert.NotNull(embeddings.grad);
        Assert.All(weights.Named, w => Assert.True(w.Tensor.grad is null && !w.Tensor.requires_grad, w.Name));
    });

    [Theory]
    [MemberData(nameof(EncoderDecoderGoldens.All), MemberType = typeof(EncoderDecoderGoldens))]
    public void Decode_LastTokenChanged_EarlierRowsStayTheSame(string name) => With(name, (model, golden) =>
    {
        using var frozen = no_grad();
        var encoded = model.Encode(model.Embed(tensor(golden.Inputs[0], int64).unsqueeze(0)));
        int[] ids = [golden.Start, .. golden.Targets[0]];
        int[] changed = [.. ids[..^1], ids[^1] + 1];

        var before = model.Decode(model.Embed(tensor(ids, int64).unsqueeze(0)), encoded);
        var after = model.Decode(model.Embed(tensor(changed, int64).unsqueeze(0)), encoded);

        Assert.True(before.narrow(1, 0, ids.Length - 1).Equals(after.narrow(1, 0, ids.Length - 1)));
        Assert.False(before.Equals(after));
    });

    private static void With(string name, Action<EncoderDecoder, EncoderDecoderGoldens> test) =>
        With(name, (model, _, golden) => test(model, golden));

    private static void With(string name, Action<EncoderDecoder, EncoderDecoderWeights, EncoderDecoderGoldens> test)
    {
        var model = Goldens.LoadModel(name);
        using var source = model.Weights;
        using var weights = EncoderDecoderWeights.Load((EncoderDecoderSpec)model.Spec, source, CPU);
        using var scope = NewDisposeScope();
        test(new EncoderDecoder(weights), weights, new EncoderDecoderGoldens(name));
    }

    private static (Tensor Ids, Tensor Mask) Padded(EncoderDecoderGoldens golden, GoldenPadding padding)
    {
        var (ids, mask) = golden.Padded(padding);
        return (Matrix(ids), Matrix(mask).to_type(ScalarType.Bool));
    }

    private static Tensor Matrix(int[][] rows) => stack([.. rows.Select(row => tensor(row, int64))]);

    /// <summary>What the decoder reads to predict a target.</summary>
    private static Tensor Shifted(EncoderDecoderGoldens golden, int[] target) => tensor([golden.Start, .. target[..^1]], int64);

    private static Tensor Logits(
        EncoderDecoder model, EncoderDecoderGoldens golden, Tensor encoded, Tensor mask, Tensor? prefix = null)
    {
        var longest = golden.Targets.Max(t => t.Length);
        var ids = stack([.. golden.Targets.Select(t => nn.functional.pad(Shifted(golden, t), [0, longest - t.Length]))]);
        return model.Head(model.Decode(model.Embed(ids), encoded, mask, prefix));
    }

    private static Tensor Loss(Tensor logits, EncoderDecoderGoldens golden)
    {
        var rows = golden.Targets.Select((target, row) => logits[row].narrow(0, 0, target.Length));
        return nn.functional.cross_entropy(cat([.. rows], 0), tensor(golden.Targets.SelectMany(t => t).ToArray(), int64));
    }

    private static void AssertClose(float[] expected, Tensor encoded, Tensor mask)
    {
        var difference = (encoded - tensor(expected).view(encoded.shape)).abs().masked_fill(mask.logical_not().unsqueeze(-1), 0);
        Assert.InRange(difference.max().item<float>(), 0, Tolerance);
    }

    private static void AssertLogits(EncoderDecoderGoldens golden, GoldenOutput expected, Tensor logits)
    {
        for (var row = 0; row < golden.Targets.Length; row++)
            AssertRow(expected, row, logits[row].narrow(0, 0, golden.Targets[row].Length));
    }

    private static void AssertRow(GoldenOutput expected, int row, Tensor logits)
    {
        for (var column = 0; column < logits.shape[0]; column++)
        {
            var actual = logits[column].data<float>().ToArray();
            var difference = actual.Zip(expected.At(row, column).ToArray(), (a, e) => Math.Abs(a - e)).Max();
            Assert.True(difference < Tolerance, $"Row {row}, column {column}: {difference}");
        }
    }
}
