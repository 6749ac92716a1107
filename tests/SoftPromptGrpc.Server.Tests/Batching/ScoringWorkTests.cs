using Microsoft.Extensions.Logging.Abstractions;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Server.Batching;
using SoftPromptGrpc.Server.Tests.Fakes;

namespace SoftPromptGrpc.Server.Tests.Batching;

public sealed class ScoringWorkTests
{
    private const int Vocabulary = 50;
    private static readonly int[] Input = [1, 2, 3, 4, 5, 6, 7];
    private static readonly int[][] Continuations = [[4, 5, 6, 7, 8], [9], [4, 5, 6], [10, 11, 12], [4, 5], [13, 14, 15, 16], [17]];
    private static readonly int[][] Many = [.. Enumerable.Range(0, 40).Select(i => new[] { i, 1, 2 })];
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, int.MaxValue)]
    [InlineData(3, int.MaxValue)]
    [InlineData(16, int.MaxValue)]
    [InlineData(16, 30)]
    public async Task Submit_ManyContinuations_RunsTheInputOnceAndScoresEachAsAlone(int places, int positions)
    {
        foreach (var start in new SequenceStart[] { new(Prompt(3), Input), new(null, Input), new(Prompt(4), []) })
        {
            var session = new FakeSession(Vocabulary, places) { MaxPositions = positions };
            ScoredTokens[] together;
            await using (var scheduler = Create(session))
                together = await Submit(scheduler, start, Continuations);

            Assert.Equal(start.PromptPositions + start.Tokens.Length + Continuations.Sum(tokens => tokens.Length - 1), session.PositionsRun);
            Assert.Equal(Math.Min(Math.Min(places, 5), positions / (start.PromptPositions + start.Tokens.Length + 4)), session.LargestBatch);
            foreach (var (continuation, scored) in Continuations.Zip(together))
            {
                await using var own = Create(new FakeSession(Vocabulary, 1));
                var alone = (await Submit(own, start, [continuation]))[0];
                Assert.Equal(alone.LogProbabilities, scored.LogProbabilities);
                Assert.Equal((continuation.Length, alone.IsGreedy), (scored.LogProbabilities.Count, scored.IsGreedy));
                Assert.Equal(continuation, scored.Tokens);
            }
        }
    }

    [Fact]
    public async Task Submit_BesideAnotherRequest_GivesItAPlaceBeforeItIsDone()
    {
        var gate = new StepGate();
        await using var scheduler = Create(new FakeSession(Vocabulary, 4) { Stepping = gate.Pass });
        var scoring = Submit(scheduler, new(null, [1, 2]), Many);
        gate.Allow(3);
        await gate.Reached(3);

        var other = Submit(scheduler, new(null, [40, 41]), [[1]]);
        gate.Open();
        await Task.WhenAll(scoring, other);

        var steps = gate.Steps.ToList();
        var turn = steps.FindIndex(step => step.Any(one => one.Tokens.Span.SequenceEqual([40, 41])));
        Assert.InRange(turn, 3, 5);
        Assert.Equal(4, steps[turn].Length);
        Assert.Equal(Many.Length, steps.Sum(step => step.Count(one => one.Tokens.Length == 2 && one.LogitRows == 2)));
    }

    [Fact]
    public async Task Run_Throws_FailsAllContinuationsAndFreesTheirPlaces()
    {
        var hasFailed = false;
        var session = new FakeSession(Vocabulary, 3)
        {
            Stepping = steps =>
            {
                if (hasFailed || steps.Count < 3)
                    return;
                hasFailed = true;
                throw new InvalidOperationException("broken");
            },
        };
        await using var scheduler = Create(session);

        await Assert.ThrowsAsync<InvalidOperationException>(() => Submit(scheduler, new(null, Input), Continuations));
        var again = await Submit(scheduler, new(null, Input), Continuations);

        Assert.Equal(3, session.LargestBatch);
        Assert.Equal(Continuations.Length, again.Length);
    }

    [Fact]
    public async Task Cancel_WhileItsContinuationsRun_FreesTheirPlaces()
    {
        var gate = new StepGate();
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(_ct);
        await using var scheduler = Create(new FakeSession(Vocabulary, 3) { Stepping = gate.Pass });
        var group = new ScoringGroup(new(null, Input), Many, TimeProvider.System, cancellation.Token);
        scheduler.Submit(new ScoringWork(group));
        gate.Allow(3);
        await gate.Reached(3);

        await cancellation.CancelAsync();
        gate.Open();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => group.Result);
        await Submit(scheduler, new(null, Input), Continuations);
    }

    private static Task<ScoredTokens[]> Submit(BatchScheduler scheduler, SequenceStart start, int[][] continuations)
    {
        var group = new ScoringGroup(start, continuations, TimeProvider.System, TestContext.Current.CancellationToken);
        scheduler.Submit(new ScoringWork(group));
        return group.Result;
    }

    private static BatchScheduler Create(FakeSession session) =>
        new(session, new() { PrefillChunk = 4, PrefillBudget = 64 }, NullLogger.Instance);

    private static SoftPrompt Prompt(int seed) => new(2, 3, [seed, 2, 3, 4, 5, 6], "fingerprint");
}
