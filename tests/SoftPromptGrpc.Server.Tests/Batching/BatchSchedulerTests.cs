using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Server.Batching;
using SoftPromptGrpc.Server.Tests.Fakes;

namespace SoftPromptGrpc.Server.Tests.Batching;

public sealed class BatchSchedulerTests
{
    private const int Vocabulary = 50;
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(64)]
    public async Task Submit_MixedRequests_EachGetsWhatItGetsAlone(int places)
    {
        GenerationPlan[] plans = [.. Enumerable.Range(0, 24).Select(MixedPlan)];
        var alone = new List<string>();
        foreach (var plan in plans)
            alone.Add((await RunAsync(64, plan))[0]);

        var together = await RunAsync(places, plans);

        Assert.Equal(alone, together);
        Assert.Equal(24, alone.Distinct().Count());
    }

    [Theory]
    [InlineData(false, 3)]
    [InlineData(true, 1)]
    public async Task Submit_RememberedPrompts_CostNothingOfTheBudget(bool remembered, int steps)
    {
        var gate = new StepGate();
        var session = new FakeSession(Vocabulary, 4) { Stepping = gate.Pass, RemembersPrompts = remembered };
        // A prompt of two rows and two tokens: with its rows one fits, without them all three do.
        await using var scheduler = Create(session, new() { PrefillChunk = 4, PrefillBudget = 6 });
        var first = Submit(scheduler, Plan([1], most: 3));
        gate.Allow(1);
        await gate.Reached(1);
        Task[] all = [.. Enumerable.Range(0, 3).Select(_ => Submit(scheduler, Plan([1, 2], most: 1) with { Start = new(Prompt(1), [1, 2]) }))];

        gate.Open();
        await Task.WhenAll([first, .. all]);

        Assert.Equal(steps, gate.Steps.Count(step => step.Any(one => one.Tokens.Length == 2)));
    }

    [Theory]
    [InlineData(4, 3)]
    [InlineData(2, 2)]
    public async Task Submit_SharedTokens_AreNamedInTheFirstStepAlone(int chunk, int named)
    {
        var shared = new List<int>();
        var session = new FakeSession(Vocabulary, 4) { Stepping = steps => shared.Add(steps[0].SharedTokens) };
        await using var scheduler = Create(session, new() { PrefillChunk = chunk, PrefillBudget = 8 });

        await Submit(scheduler, Plan([], most: 3) with { Start = new(null, [1, 2, 3, 4, 5], SharedTokens: 3) });

        Assert.Equal(named, shared[0]);
        Assert.All(shared.Skip(1), count => Assert.Equal(0, count));
    }

    [Fact]
    public async Task Submit_ForcedFirstAndLastToken_TakeTheirPlaces()
    {
        var plan = Plan([1, 2], most: 4) with { ForcedFirst = 9, ForcesEnd = true };

        var output = (await RunAsync(1, plan))[0];

        Assert.StartsWith("9,", output, StringComparison.Ordinal);
        Assert.Equal(3, output.Split(' ')[0].Split(',').Length);
        Assert.EndsWith($" {FinishReason.Length}", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submit_WhileOthersRun_JoinsTheirBatch()
    {
        var gate = new StepGate();
        var session = new FakeSession(Vocabulary, 4) { Stepping = gate.Pass };
        await using var scheduler = Create(session);
        var first = Submit(scheduler, Plan([1, 2], most: 20));
        gate.Allow(3);
        await gate.Reached(3);

        var second = Submit(scheduler, Plan([3], most: 2));
        gate.Open();
        await second;

        Assert.Equal(2, session.LargestBatch);
        await first;
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Read_StreamOrAnswer_GetsAtOnceWhatHasCome(bool isStreamed)
    {
        var gate = new StepGate();
        await using var scheduler = Create(new FakeSession(Vocabulary, 1) { Stepping = gate.Pass });
        var work = new GenerationWork(Plan([1], most: 6) with { IsStreamed = isStreamed }, TimeProvider.System, _ct);
        scheduler.Submit(work);
        await using var events = work.ReadAsync().GetAsyncEnumerator(_ct);
        var counts = new List<int>();
        async Task ReadAsync()
        {
            Assert.True(await events.MoveNextAsync());
            counts.Add(Assert.IsType<OutputPart>(events.Current).Tokens.Count);
        }

        gate.Allow(1);
        if (isStreamed)
            await ReadAsync();
        gate.Allow(4);
        await gate.Reached(5);
        if (isStreamed)
            await ReadAsync();
        gate.Open();
        await ReadAsync();

        Assert.Equal(isStreamed ? [1, 4, 1] : [6], counts);
        Assert.True(await events.MoveNextAsync());
        Assert.IsType<GenerationEnd>(events.Current);
    }

    [Fact]
    public async Task Read_StreamOfAFastModel_GetsTokensThatComeCloseTogetherAsOne()
    {
        var (gate, time) = (new StepGate(), new FakeTimeProvider());
        var session = new FakeSession(Vocabulary, 1) { Stepping = gate.Pass };
        await using var scheduler = Create(session);
        var plan = Plan([1], most: 6) with { StreamInterval = TimeSpan.FromMilliseconds(4) };
        var work = new GenerationWork(plan, time, _ct);
        scheduler.Submit(work);
        await using var events = work.ReadAsync().GetAsyncEnumerator(_ct);
        var counts = new List<int>();
        for (var step = 0; step < 6; step++)
        {
            await gate.Entered();
            time.Advance(TimeSpan.FromMilliseconds(1.5));
            gate.Allow(1);
            // The first token at once, the fourth 4.5 ms later, the rest at the end.
            if (step is 0 or 3 or 5 && await events.MoveNextAsync())
                counts.Add(Assert.IsType<OutputPart>(events.Current).Tokens.Count);
        }

        Assert.Equal([1, 3, 2], counts);
    }

    [Fact]
    public async Task Submit_LongInputBesideAStream_IsRunInChunks()
    {
        var gate = new StepGate();
        var session = new FakeSession(Vocabulary, 4) { Stepping = gate.Pass };
        await using var scheduler = Create(session, new() { PrefillChunk = 8, PrefillBudget = 8 });
        var stream = Submit(scheduler, Plan([1], most: 40));
        gate.Allow(2);
        await gate.Reached(2);

        var input = Submit(scheduler, Plan([.. Enumerable.Range(0, 45)], most: 1));
        gate.Open();
        await input;
        await stream;

        Assert.Equal(8, session.LargestPrefill);
        Assert.True(gate.Steps.Skip(1).Take(30).All(step => step.Any(one => one.Tokens.Length == 1)), "A step left the stream out.");
    }

    [Fact]
    public async Task Submit_QueueIsFull_RefusesAtOnce()
    {
        var gate = new StepGate();
        await using var scheduler = Create(new FakeSession(Vocabulary, 1) { Stepping = gate.Pass }, new() { QueueLength = 2 });
        var running = Submit(scheduler, Plan([1], most: 3));
        await gate.Entered();
        Task[] waiting = [Submit(scheduler, Plan([2], most: 1)), Submit(scheduler, Plan([3], most: 1))];

        var error = Assert.Throws<SoftPromptException>(() => { _ = Submit(scheduler, Plan([4], most: 1)); });

        Assert.Equal((ErrorKind.Overloaded, "QUEUE_FULL"), (error.Kind, error.Reason));
        gate.Open();
        await Task.WhenAll([running, .. waiting]);
        await Submit(scheduler, Plan([4], most: 1));
    }

    [Fact]
    public async Task Submit_HigherPriority_IsAdmittedFirst()
    {
        var gate = new StepGate();
        await using var scheduler = Create(new FakeSession(Vocabulary, 1) { Stepping = gate.Pass });
        var running = Submit(scheduler, Plan([1], most: 2));
        await gate.Entered();
        Task[] all =
        [
            running,
            Submit(scheduler, Plan([10], most: 1)),
            Submit(scheduler, Plan([11], most: 1)),
            Submit(scheduler, Plan([20], most: 1) with { Priority = 5 }),
            Submit(scheduler, Plan([5], most: 1) with { Priority = -5 }),
        ];
        gate.Open();
        await Task.WhenAll(all);

        Assert.Equal([20, 10, 11, 5], gate.Steps.Skip(2).Select(step => step[0].Tokens.Span[0]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Cancel_WaitingOrRunning_FreesItsPlace(bool waiting)
    {
        var gate = new StepGate();
        var session = new FakeSession(Vocabulary, 1) { Stepping = gate.Pass };
        await using var scheduler = Create(session, new() { QueueLength = 1 });
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(_ct);
        var running = SubmitCancellable(scheduler, Plan([1], most: 30), waiting ? _ct : cancellation.Token);
        await gate.Entered();
        var queued = SubmitCancellable(scheduler, Plan([2], most: 1), waiting ? cancellation.Token : _ct);

        await cancellation.CancelAsync();
        gate.Open();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting ? queued : running);
        await (waiting ? running : queued);
        await Submit(scheduler, Plan([3], most: 1));
        Assert.True(waiting || gate.Steps.Count < 10, "The cancelled generation ran on.");
    }

    [Fact]
    public async Task StopWork_RunningAndWaiting_EndAsCancelledWithWhatTheyHave()
    {
        var gate = new StepGate();
        var session = new FakeSession(Vocabulary, 1) { Stepping = gate.Pass };
        var scheduler = Create(session);
        var running = Submit(scheduler, Plan([1], most: 30));
        gate.Allow(3);
        await gate.Reached(3);
        var waiting = Submit(scheduler, Plan([2], most: 30));

        scheduler.StopWork();
        gate.Open();

        Assert.EndsWith("Cancelled", await running, StringComparison.Ordinal);
        Assert.Equal(" Cancelled", await waiting);
        Assert.Throws<OperationCanceledException>(() => { _ = Submit(scheduler, Plan([3], most: 1)); });
        await scheduler.DisposeAsync();
        Assert.True(session.IsDisposed);
    }

    [Fact]
    public async Task Submit_SessionWithoutRoom_WaitsUnlessItIsAlone()
    {
        var session = new FakeSession(Vocabulary, 8) { MaxPositions = 30 };
        await using var scheduler = Create(session);

        var results = await Task.WhenAll(Enumerable.Range(1, 6).Select(i => Submit(scheduler, Plan([i], most: 19))));
        var error = await Assert.ThrowsAsync<SoftPromptException>(() => Submit(scheduler, Plan([1], most: 30)));

        Assert.Equal(6, results.Length);
        Assert.Equal(1, session.LargestBatch);
        Assert.Equal(ErrorKind.Overloaded, error.Kind);
    }

    [Fact]
    public async Task Run_Throws_FailsTheStepsRequestsAndServesOn()
    {
        var failures = 1;
        var session = new FakeSession(Vocabulary, 4)
        {
            Stepping = _ =>
            {
                if (Interlocked.Decrement(ref failures) == 0)
                    throw new InvalidOperationException("broken");
            },
        };
        await using var scheduler = Create(session);

        await Assert.ThrowsAsync<InvalidOperationException>(() => Submit(scheduler, Plan([1], most: 3)));
        await Submit(scheduler, Plan([1], most: 3));
    }

    [Fact]
    public async Task Close_Throws_FailsEveryoneInsteadOfLeavingThemWaiting()
    {
        var gate = new StepGate();
        var session = new FakeSession(Vocabulary, 1) { Stepping = gate.Pass, FailsToClose = true };
        await using var scheduler = Create(session);
        Task[] all = [Submit(scheduler, Plan([1], most: 1)), Submit(scheduler, Plan([2], most: 1)), Submit(scheduler, Plan([3], most: 1))];
        gate.Open();

        await all[0];
        await Assert.ThrowsAsync<InvalidOperationException>(() => all[1]);
        await Assert.ThrowsAsync<InvalidOperationException>(() => all[2]);
    }

    [Fact]
    public async Task Scoring_InChunksOrAtOnce_PredictsEveryTokenFromTheOnesBefore()
    {
        var prompt = Prompt(3);
        int[] continuation = [4, 5, 6, 7, 8];
        foreach (var input in new int[][] { [1, 2, 3], [] })
        {
            var atOnce = await ScoreAsync(64, prompt, input, continuation);

            Assert.Equal(await ScoreAsync(2, prompt, input, continuation), atOnce);
            for (var i = 0; i < continuation.Length; i++)
            {
                var alone = await ScoreAsync(64, prompt, [.. input, .. continuation[..i]], [continuation[i]]);
                Assert.Equal(alone[0], atOnce[i]);
            }
        }
    }

    private static async Task<IReadOnlyList<double>> ScoreAsync(int chunk, SoftPrompt? prompt, int[] input, int[] continuation)
    {
        await using var scheduler = Create(new FakeSession(Vocabulary, 4), new() { PrefillChunk = chunk });
        var group = new ScoringGroup(new SequenceStart(prompt, input), [continuation], TimeProvider.System, CancellationToken.None);
        scheduler.Submit(new ScoringWork(group));
        return (await group.Result)[0].LogProbabilities;
    }

    private static GenerationPlan MixedPlan(int i) => Plan([.. Enumerable.Range(i, (i * 5) % 23)], most: 5 + i) with
    {
        Start = new SequenceStart(i % 3 == 0 ? Prompt(i + 1) : null, i % 6 == 0 ? [] : [.. Enumerable.Range(i, 1 + (i * 5) % 23)]),
        Sampling = new SamplingSettings(
            Temperature: i % 2, TopK: i % 5 * 3, TopP: i % 4 == 1 ? 0.8 : 1, RepetitionPenalty: i % 7 == 0 ? 1.3 : 1, Seed: i),
        EndOfSequence = [0],
    };

    private static GenerationPlan Plan(int[] input, int most) => new()
    {
        Start = new SequenceStart(null, input),
        Sampling = new SamplingSettings(),
        Stops = new StopSettings(null, [], [], 0),
        EndOfSequence = [],
        MaxNewTokens = most,
        EndsWithContext = false,
    };

    private static SoftPrompt Prompt(int seed) => new(2, 3, [seed, 2, 3, 4, 5, 6], "fingerprint");

    private static BatchScheduler Create(IInferenceSession session, InferenceOptions? options = null) =>
        new(session, options ?? new InferenceOptions { PrefillChunk = 4, PrefillBudget = 8 }, NullLogger.Instance);

    private static async Task<string[]> RunAsync(int places, params GenerationPlan[] plans)
    {
        var session = new FakeSession(Vocabulary, places);
        await using var scheduler = Create(session);
        var results = await Task.WhenAll(plans.Select(plan => Submit(scheduler, plan)));
        Assert.InRange(session.LargestBatch, 1, places);
        return results;
    }

    private static Task<string> Submit(BatchScheduler scheduler, GenerationPlan plan) =>
        SubmitCancellable(scheduler, plan, TestContext.Current.CancellationToken);

    /// <summary>The ids and how it ended.</summary>
    private static Task<string> SubmitCancellable(BatchScheduler scheduler, GenerationPlan plan, CancellationToken cancellationToken)
    {
        var work = new GenerationWork(plan, TimeProvider.System, cancellationToken);
        scheduler.Submit(work);
        return ReadAsync(work);
    }

    private static async Task<string> ReadAsync(GenerationWork work)
    {
        var (ids, reason) = (new List<int>(), default(FinishReason?));
        await foreach (var happened in work.ReadAsync())
        {
            if (happened is OutputPart part)
                ids.AddRange(part.Tokens.Select(token => token.Id));
            else if (happened is GenerationEnd end)
                reason = end.Reason;
        }
        return $"{string.Join(',', ids)} {reason}";
    }
}
