using SoftPromptGrpc.Backends.Torch.Training;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Training;
using TorchSharp;
using TorchSharp.Modules;

namespace SoftPromptGrpc.Backends.Torch.Tests.Training;

public sealed class PromptOptimizerTests
{
    private const int Rows = 3;
    private const int Columns = 5;

    [Theory]
    [InlineData(0)]
    [InlineData(0.1)]
    public void AdamW_ManySteps_AsTorch(double weightDecay) => AssertAsTorch(
        new OptimizerSettings(OptimizerKind.AdamW, 0.05, weightDecay, Beta1: 0.8, Beta2: 0.95),
        parameter => torch.optim.AdamW([parameter], 0.05, 0.8, 0.95, weight_decay: weightDecay));

    [Theory]
    [InlineData(0, 0.9)]
    [InlineData(0.1, 0)]
    public void Sgd_ManySteps_AsTorch(double weightDecay, double momentum) => AssertAsTorch(
        new OptimizerSettings(OptimizerKind.Sgd, 0.05, weightDecay, Momentum: momentum),
        parameter => torch.optim.SGD([parameter], 0.05, momentum, weight_decay: weightDecay));

    [Fact]
    public void Adafactor_RankOneGradient_MovesEachValueByTheLearningRate()
    {
        var settings = new OptimizerSettings(OptimizerKind.Adafactor, 0.1);
        var optimizer = PromptOptimizer.Create(settings, [Rows, Columns], new Moments(null).Of("t"));
        var prompt = new float[Rows * Columns];
        float[] gradient =
            [.. Enumerable.Range(0, prompt.Length).Select(i => (1 + i / Columns) * (i % 2 == 0 ? 1f : -1f) * (2 + i % Columns))];

        optimizer.Update(prompt, gradient, 1, 0.1);

        Assert.All(prompt.Zip(gradient), pair => Assert.Equal(-0.1f * MathF.Sign(pair.Second), pair.First, 1e-6f));
    }

    [Theory]
    [InlineData(OptimizerKind.AdamW)]
    [InlineData(OptimizerKind.Adafactor)]
    [InlineData(OptimizerKind.Sgd)]
    public void Moments_Restored_ContinueInTheSameBits(OptimizerKind kind)
    {
        var settings = new OptimizerSettings(kind, 0.1, WeightDecay: 0.01);
        var moments = new Moments(null);
        var optimizer = PromptOptimizer.Create(settings, [Rows, Columns], moments.Of("t"));
        var prompt = Values(0);
        optimizer.Update(prompt, Values(1), 1, 0.1);
        var (savedPrompt, saved) = ((float[])prompt.Clone(), moments.Snapshot());
        optimizer.Update(prompt, Values(2), 2, 0.1);

        var restored = PromptOptimizer.Create(settings, [Rows, Columns], new Moments(saved).Of("t"));
        restored.Update(savedPrompt, Values(2), 2, 0.1);

        Assert.Equal(prompt, savedPrompt);
    }

    private static void AssertAsTorch(OptimizerSettings settings, Func<Parameter, torch.optim.Optimizer> create)
    {
        using var scope = torch.NewDisposeScope();
        var prompt = Values(0);
        var parameter = new Parameter(torch.tensor(prompt).view(Rows, Columns));
        var theirs = create(parameter);
        var ours = PromptOptimizer.Create(settings, [Rows, Columns], new Moments(null).Of("t"));
        for (var step = 1; step <= 20; step++)
        {
            var gradient = Values(step);
            parameter.grad = torch.tensor(gradient).view(Rows, Columns);
            theirs.step();
            ours.Update(prompt, gradient, step, settings.LearningRate);
        }
        Assert.All(parameter.data<float>().Zip(prompt), pair => Assert.Equal(pair.First, pair.Second, 2e-6f));
    }

    private static float[] Values(int seed)
    {
        var random = SeededRandom.For(seed, 0);
        return [.. Enumerable.Range(0, Rows * Columns).Select(_ => (float)random.NextNormal())];
    }
}
