using SoftPromptGrpc.Core;
using SoftPromptGrpc.Server.Batching;

namespace SoftPromptGrpc.Server.Tests.Batching;

public sealed class SamplerTests
{
    private static readonly float[] Halves = [.. new[] { 0.5, 0.25, 0.125, 0.125 }.Select(p => (float)Math.Log(p))];

    [Fact]
    public void Next_Greedy_TakesTheLargest() => Assert.Equal(2, Sample(new(), [0, 1, 5, 5]));

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.3)]
    [InlineData(1.7)]
    public void Next_RepetitionPenalty_DividesPositiveAndMultipliesNegativeLogits(double temperature)
    {
        var settings = new SamplingSettings(temperature, TopK: 1, RepetitionPenalty: 2.5);

        Assert.Equal(1, Sample(settings, [2, 1, -1], input: [0]));
        Assert.Equal(1, Sample(settings, [-1, -1.5f], input: [0]));
        Assert.Equal(0, Sample(settings, [3, 1, -1], input: [0]));
    }

    [Fact]
    public void Next_RepetitionPenalty_CountsOutputToo()
    {
        var sampler = new Sampler(new SamplingSettings(RepetitionPenalty: 10), []);

        Assert.Equal([0, 1, 0], Enumerable.Range(0, 3).Select(_ => sampler.Next([2, 1, 0.01f], [])));
    }

    [Theory]
    [InlineData(1, 0, 1, 0, new[] { 0, 1, 2, 3 })]
    [InlineData(1, 2, 1, 0, new[] { 0, 1 })]
    [InlineData(1, 99, 1, 0, new[] { 0, 1, 2, 3 })]
    [InlineData(1, 0, 0.49, 0, new[] { 0 })]
    [InlineData(1, 0, 0.7, 0, new[] { 0, 1 })]
    [InlineData(1, 0, 0.76, 0, new[] { 0, 1, 2 })]
    [InlineData(1, 0, 1, 0.49, new[] { 0, 1 })]
    [InlineData(1, 0, 1, 0.51, new[] { 0 })]
    // Temperature comes before top-p: 0.25 : 0.0625 : 0.015625 : 0.015625, so the first has 0.727.
    [InlineData(0.5, 0, 0.7, 0, new[] { 0 })]
    // Top-k comes before top-p: of the first three the first has 0.571.
    [InlineData(1, 3, 0.56, 0, new[] { 0 })]
    [InlineData(1, 3, 0.58, 0, new[] { 0, 1 })]
    // Min-p comes last and compares with the most probable one: 0.25 is half of 0.5.
    [InlineData(1, 3, 0.99, 0.49, new[] { 0, 1 })]
    public void Next_Filters_LeaveExactlyThese(double temperature, int topK, double topP, double minP, int[] expected)
    {
        var drawn = Enumerable.Range(0, 400)
            .Select(seed => Sample(new SamplingSettings(temperature, topK, topP, minP, Seed: seed), Halves));

        Assert.Equal(expected, drawn.Distinct().Order());
    }

    [Theory]
    [InlineData(1.0, 0, new[] { 0.5, 0.25, 0.125, 0.125 })]
    [InlineData(0.5, 0, new[] { 0.7273, 0.1818, 0.0455, 0.0455 })]
    [InlineData(2.0, 0, new[] { 0.3694, 0.2612, 0.1847, 0.1847 })]
    [InlineData(1.0, 2, new[] { 0.6667, 0.3333, 0, 0 })]
    public void Next_ManyDraws_FollowTheProbabilities(double temperature, int topK, double[] expected)
    {
        const int draws = 20_000;
        var sampler = new Sampler(new SamplingSettings(temperature, topK, Seed: 7), []);
        var counts = new int[4];
        for (var i = 0; i < draws; i++)
            counts[sampler.Next(Halves, [])]++;

        for (var id = 0; id < 4; id++)
            Assert.Equal(expected[id], (double)counts[id] / draws, 0.02);
    }

    [Fact]
    public void Next_OneDrawPerToken_FollowsTheSeedsOwnStream()
    {
        var random = SeededRandom.For(42, stream: 0);
        var sampler = new Sampler(new SamplingSettings(Temperature: 1, Seed: 42), []);

        for (var i = 0; i < 50; i++)
        {
            var place = random.NextDouble();
            var expected = place < 0.5 ? 0 : place < 0.75 ? 1 : place < 0.875 ? 2 : 3;
            Assert.Equal(expected, sampler.Next(Halves, []));
        }
    }

    [Theory]
    [InlineData(0.7, 0.9, 0)]
    [InlineData(1.3, 0.5, 0.02)]
    [InlineData(1, 0.999, 0)]
    public void Next_TopPOfALargeVocabulary_IsWhatSortingEverythingGives(double temperature, double topP, double minP)
    {
        var normal = new SeededRandom(1);
        float[] logits = [.. Enumerable.Range(0, 5000).Select(_ => (float)(normal.NextNormal() * 4))];

        for (var seed = 0; seed < 50; seed++)
        {
            var settings = new SamplingSettings(temperature, TopP: topP, MinP: minP, Seed: seed);
            Assert.Equal(SortAndDraw(settings, logits), Sample(settings, logits));
        }
    }

    [Fact]
    public void Next_Excluded_IsNeverChosen()
    {
        Assert.Equal(1, new Sampler(new(), []).Next(Halves, [0]));
        Assert.DoesNotContain(0, Enumerable.Range(0, 100).Select(i => new Sampler(new(1, Seed: i), []).Next(Halves, [0])));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void Next_NoFiniteLogits_IsAnError(float logit) =>
        Assert.Equal(ErrorKind.Corrupt, Assert.Throws<SoftPromptException>(() => Sample(new(), [logit, logit])).Kind);

    private static int SortAndDraw(SamplingSettings settings, float[] logits)
    {
        var best = logits.Max();
        var weights = logits.Select((logit, id) => (Weight: Math.Exp((logit - best) / settings.Temperature), Id: id))
            .OrderByDescending(token => token.Weight).ThenBy(token => token.Id).ToList();
        var (all, sum) = (weights.Sum(token => token.Weight), 0.0);
        var kept = weights.TakeWhile(token => (sum += token.Weight) - token.Weight < settings.TopP * all)
            .Where(token => token.Weight >= settings.MinP).ToList();
        var threshold = SeededRandom.For(settings.Seed, stream: 0).NextDouble() * kept.Sum(token => token.Weight);
        return kept.First(token => (threshold -= token.Weight) < 0).Id;
    }

    private static int Sample(SamplingSettings settings, float[] logits, int[]? input = null) =>
        new Sampler(settings, input ?? []).Next(logits, []);
}
