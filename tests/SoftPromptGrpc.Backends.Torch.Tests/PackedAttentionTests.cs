using SoftPromptGrpc.Backends.Torch.Packing;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Fixtures;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch.Tests;

/// <summary>The kernel and libtorch's functions: the same attention.</summary>
public sealed class PackedAttentionTests
{
    private const int PromptRows = 21;
    private const int FrontRows = 5;

    public static MatrixTheoryData<string, bool, bool> Cases { get; } =
        new([.. RandomSpecs.Names.Select(row => row.Data)], [false, true], [false, true]);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Attend_AnySetting_OutputAndGradientsAreTheLibrarys(string name, bool hasFront, bool isLast)
    {
        using var scope = NewDisposeScope();
        var spec = RandomSpecs.Get(name);
        using var weights = DecoderWeights.Load(spec, RandomModel.Create(spec).Weights, CPU);
        var batch = PackedBatch.Of(Examples, PromptRows, hasTasks: true, hasFront ? FrontRows : 0);
        var layer = isLast ? spec.LayerCount - 1 : 0;
        var inputs = Inputs(spec, isLast ? batch.Needed.Count : batch.Positions.Count, batch.Positions.Count, hasFront);
        var prefix = hasFront ? inputs[3] : null;
        var attention = new Attention(weights, layer, null);

        var expected = new LibraryAttention(spec, batch, prefix, CPU).Attend(layer, inputs[0], inputs[1], inputs[2], attention.Attend);
        var actual = new KernelAttention(spec, batch, prefix, weights.Passed).Attend(layer, inputs[0], inputs[1], inputs[2], attention.Attend);

        Assert.True(expected.allclose(actual, rtol: 1e-5, atol: 1e-5));
        var direction = randn(expected.shape);
        var gradients = autograd.grad([(expected * direction).sum()], inputs);
        Assert.All(gradients.Zip(autograd.grad([(actual * direction).sum()], inputs)), pair =>
            Assert.True(pair.First.allclose(pair.Second, rtol: 1e-4, atol: 1e-5)));
    }

    /// <summary>Longer and shorter than a block of queries; of two tasks, each with a text that its inputs begin with.</summary>
    private static TrainingExample[] Examples { get; } =
        [.. new[] { (40, 3), (2, 1), (9, 4), (9, 4), (18, 2) }.Select((length, i) => new TrainingExample(
            [1, 2, i % 2, .. Enumerable.Repeat(10 + i, length.Item1)], [.. Enumerable.Repeat(3, length.Item2)], Task: i % 2))];

    private static Tensor[] Inputs(DecoderSpec spec, int queries, int rows, bool hasFront)
    {
        random.manual_seed(11);
        Tensor[] inputs =
        [
            Random(1, queries, spec.HeadCount, spec.HeadSize),
            Random(1, rows, spec.KeyValueHeadCount, spec.HeadSize),
            Random(1, rows, spec.KeyValueHeadCount, spec.HeadSize),
        ];
        if (hasFront)
            inputs = [.. inputs, Random(spec.LayerCount, 2, spec.KeyValueHeadCount, FrontRows, spec.HeadSize)];
        return [.. inputs.Select(input => input.requires_grad_())];

        static Tensor Random(params long[] shape) => randn(shape);
    }
}
