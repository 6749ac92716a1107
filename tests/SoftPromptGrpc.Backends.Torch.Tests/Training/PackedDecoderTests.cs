using SoftPromptGrpc.Backends.Torch.Training;
using SoftPromptGrpc.Backends.Torch.Training.Methods;
using SoftPromptGrpc.Conformance.Training;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Core.Training.Methods;
using SoftPromptGrpc.Fixtures;
using SoftPromptGrpc.Plain;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch.Tests.Training;

/// <summary>Packed rows, a prompt computed once, a last layer for targets alone: the numbers are those of the plain way.</summary>
public sealed class PackedDecoderTests
{
    private const int VirtualTokens = 5;
    private const double Tolerance = 1e-5;

    public static MatrixTheoryData<string, string> Checkpoints { get; } =
        new([.. CausalModels.Complete.Select(row => row.Data), .. CausalModels.Variants.Select(row => row.Data)], [.. Methods]);

    public static MatrixTheoryData<string, string> Settings { get; } = new([.. RandomSpecs.Names.Select(row => row.Data)], [.. Methods]);

    private static IEnumerable<string> Methods => TinyMethods.All.Select(row => row.Data);

    [Theory]
    [MemberData(nameof(Checkpoints))]
    public void Predict_AnyCheckpointAndMethod_LossAndGradientsAreThePlainOnes(string name, string method)
    {
        var model = Goldens.LoadModel(name);
        using var source = model.Weights;
        AssertAsPlain(model, method, Examples(model.Spec, method));
    }

    [Theory]
    [MemberData(nameof(Settings))]
    public void Predict_AnySettingAndMethod_LossAndGradientsAreThePlainOnes(string name, string method)
    {
        var spec = RandomSpecs.Get(name);
        AssertAsPlain(RandomModel.Create(spec), method, Examples(spec, method));
    }

    [Theory]
    [InlineData("prompt_tuning")]
    [InlineData("multitask")]
    [InlineData("prefix_tuning")]
    public void Predict_InputsThatBeginAlike_LossAndGradientsAreThePlainOnes(string method)
    {
        var head = RandomModel.Tokens(RandomModel.Small, 9, seed: 3);
        var examples = Examples(RandomModel.Small, method).Where(e => e.Input.Length > 0);
        AssertAsPlain(RandomModel.Create(RandomModel.Small), method, [.. examples.Select(e => e with { Input = [.. head, .. e.Input] })]);
    }

    [Theory]
    [InlineData("prompt_tuning")]
    [InlineData("prefix_tuning")]
    public void PredictTargets_NoGradient_LogitsAreThePlainOnes(string method)
    {
        var model = RandomModel.Create(RandomModel.Small);
        using var frozen = no_grad();
        using var scope = NewDisposeScope();
        using var packed = new PromptedDecoder(Weights(model));
        using var plain = new PlainDecoder(Weights(model));
        var examples = Examples(model.Spec, method);
        var preamble = PreambleOf(model, method);

        var (logits, targets) = packed.Predict(preamble, examples);
        var (expected, expectedTargets) = plain.PredictTargets(preamble, examples);

        Assert.True(expectedTargets.Equals(targets));
        Assert.True(expected.allclose(logits, rtol: 1e-5, atol: 1e-5));
    }

    /// <summary>Of different and of equal lengths; for rows also without an input.</summary>
    private static TrainingExample[] Examples(ModelSpec spec, string method)
    {
        (int Input, int Target)[] lengths = [(7, 3), (1, 1), (4, 2), (4, 2), (5, 1), (9, 4), .. MakesPrefix(method) ? [] : ((int, int)[])[(0, 4), (0, 1)]];
        return [.. lengths.Select((length, i) => new TrainingExample(Ids(length.Input, i), Ids(length.Target, 50 + i), Task: i % 2))];

        int[] Ids(int count, int seed) => [.. Enumerable.Range(0, count).Select(t => 3 + (((seed * 31) + (t * 17)) % (spec.VocabularySize - 3)))];
    }

    private static bool MakesPrefix(string method) => TinyMethods.Of(method) is PrefixTuning or Cartridge;

    private static TrainablePrompt Initial(BaseModel model, string method)
    {
        var initializer = new TrainableInitializer(model, VirtualTokens, seed: 4);
        var kind = TinyMethods.Of(method);
        return kind is PrefixTuning or Cartridge
            ? initializer.RandomPrefix(kind)
            : initializer.FromRows(kind, new PromptInitializer(model, VirtualTokens, seed: 3).RandomUniform());
    }

    private static Preamble PreambleOf(BaseModel model, string method)
    {
        var (kind, initial) = (TinyMethods.Of(method), Initial(model, method));
        var tensors = kind.Tensors(model.Spec, VirtualTokens).ToDictionary(
            slot => slot.Name, slot => slot.ToDevice(initial[slot.Name].ToArray(), CPU));
        return PromptNetwork.Forward(kind, model.Spec, tensors);
    }

    private static DecoderWeights Weights(BaseModel model) => DecoderWeights.Load((DecoderSpec)model.Spec, model.Weights, CPU);

    private static void AssertAsPlain(BaseModel model, string method, TrainingExample[] examples)
    {
        using var packed = new PromptedDecoder(Weights(model));
        using var plain = new PlainDecoder(Weights(model));
        var (kind, initial) = (TinyMethods.Of(method), Initial(model, method));

        var expected = PromptGradients.Of(plain, kind, initial, examples);
        var actual = PromptGradients.Of(packed, kind, initial, examples);

        Assert.InRange(actual.LossDifference(expected), 0, Tolerance);
        Assert.Equal(expected.ByTensor.Keys, actual.ByTensor.Keys);
        Assert.All(expected.ByTensor.Keys, tensor => Assert.InRange(actual.Difference(expected, tensor), 0, Tolerance));
    }
}
