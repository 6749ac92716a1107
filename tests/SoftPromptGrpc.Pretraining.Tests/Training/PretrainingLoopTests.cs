using SoftPromptGrpc.Backends.Torch;
using SoftPromptGrpc.Pretraining.Training;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Pretraining.Tests.Training;

public sealed class PretrainingLoopTests
{
    private static readonly PretrainingSettings Settings = new()
    {
        Steps = 30,
        WarmUpSteps = 3,
        DecaySteps = 10,
        TokensPerStep = 64,
        SequenceLength = 16,
        Workers = 2,
        LearningRate = 1e-2,
    };

    private static readonly PackedTokens Tokens = PackedTokens.Of(
        Enumerable.Repeat("abcdefgh", 1000), text => text.Select(c => c - 'a' + 2), Settings.Steps * Settings.TokensPerStep);

    private static DecoderWeights Weights() => DecoderWeights.Random(TinyEnglish.Spec(12, layers: 1, hiddenSize: 96), 1, CPU);

    [Fact]
    public void Advance_RepeatedText_LowersTheLoss()
    {
        using var weights = Weights();
        using var loop = new PretrainingLoop(weights, Settings, Tokens, []);

        var losses = Enumerable.Range(0, Settings.Steps).Select(_ => loop.Advance().Loss).ToList();

        Assert.InRange(losses[0], 2.2, 2.8);
        Assert.InRange(losses[^1], 0, 0.5);
        Assert.InRange(PretrainingLoop.Evaluate(weights, Tokens, Settings.SequenceLength), 0, 0.5);
    }

    [Fact]
    public void Restore_HalfWay_EndsInTheSameBits()
    {
        using var straightWeights = Weights();
        using var straight = new PretrainingLoop(straightWeights, Settings, Tokens, []);
        using var state = new MemoryStream();
        using var resumedWeights = Weights();
        using var resumed = new PretrainingLoop(resumedWeights, Settings, Tokens, []);

        Advance(straight, 5);
        straight.Save(new BinaryWriter(state));
        Advance(straight, 5);
        state.Position = 0;
        resumed.Restore(new BinaryReader(state));
        Advance(resumed, 5);

        Assert.Equal(10, resumed.Step);
        Assert.All(straightWeights.Named.Zip(resumedWeights.Named), pair =>
            Assert.Equal(pair.First.Tensor.data<float>().ToArray(), pair.Second.Tensor.data<float>().ToArray()));
    }

    [Fact]
    public void Advance_OtherNumberOfWorkers_GivesTheSameGradient()
    {
        using var twoWeights = Weights();
        using var fourWeights = Weights();
        using var two = new PretrainingLoop(twoWeights, Settings, Tokens, []);
        using var four = new PretrainingLoop(fourWeights, Settings with { Workers = 4 }, Tokens, []);

        Assert.Equal(two.Advance().GradientNorm, four.Advance().GradientNorm, 1e-4);
    }

    [Fact]
    public void Advance_AnswersThatWeighMore_CountMoreInTheLoss()
    {
        using var weights = Weights();
        using var plain = new PretrainingLoop(weights, Settings, Tokens, [2]);
        var before = plain.Advance().Loss;
        using var sameWeights = Weights();
        using var weighted = new PretrainingLoop(sameWeights, Settings with { LanguageSteps = 0, AnswerWeight = 1000 }, Tokens, [2]);

        var inputs = Enumerable.Range(0, 3).Select(_ => weighted.Advance().Loss).ToList();

        Assert.NotEqual(before, inputs[0], 1e-4);
        Assert.True(inputs[2] < inputs[0]);
    }

    private static void Advance(PretrainingLoop loop, int steps)
    {
        for (var i = 0; i < steps; i++)
            loop.Advance();
    }
}
