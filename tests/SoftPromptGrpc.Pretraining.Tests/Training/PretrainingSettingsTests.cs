using SoftPromptGrpc.Pretraining.Training;

namespace SoftPromptGrpc.Pretraining.Tests.Training;

public sealed class PretrainingSettingsTests
{
    private static readonly PretrainingSettings Settings = new() { Steps = 100, WarmUpSteps = 10, DecaySteps = 20, LearningRate = 1 };

    [Theory]
    [InlineData(1, 0.1)]
    [InlineData(10, 1)]
    [InlineData(80, 1)]
    [InlineData(81, 1)]
    [InlineData(91, 0.5)]
    [InlineData(100, 0.05)]
    public void LearningRateAt_Step_RisesStaysAndFalls(int step, double expected) =>
        Assert.Equal(expected, Settings.LearningRateAt(step), 1e-12);

    [Fact]
    public void LearningRateAt_LongerRun_IsTheSameBeforeTheFall() =>
        Assert.All(Enumerable.Range(1, 80), step =>
            Assert.Equal(Settings.LearningRateAt(step), (Settings with { Steps = 500 }).LearningRateAt(step)));

    [Fact]
    public void FreshRowAt_AfterTheLanguageSteps_IsTheSequenceLength()
    {
        var settings = Settings with { LanguageSteps = 50, TokensPerStep = 1024, SequenceLength = 512 };

        Assert.Equal(0, settings.FreshRowAt((50 * 1024) - 1));
        Assert.Equal(256, settings.FreshRowAt(50 * 1024));
        Assert.Equal(512, settings.FreshRowAt(90 * 1024));
        Assert.Equal(1, settings.AnswerWeightAt(50));
        Assert.Equal(8, settings.AnswerWeightAt(51));
    }
}
