using SoftPromptGrpc.Backends.OnnxRuntime.Paged;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Fixtures;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Tests.Paged;

public sealed class PagedSessionTests(Sessions sessions) : IClassFixture<Sessions>
{
    private const int BlockBytes = 16 * 2 * 2 * 2 * 16 * sizeof(float); // positions, keys and values, layers, heads, padded head size

    private readonly DecoderSpec _spec = RandomModel.Small;

    [Theory]
    [MemberData(nameof(RandomSpecs.Names), MemberType = typeof(RandomSpecs))]
    public async Task Run_TokensDividedOtherwise_GivesTheSameBits(string name)
    {
        var spec = RandomSpecs.Get(name);
        var tokens = RandomModel.Tokens(spec, 37, 1);
        using var session = await sessions.OpenAsync(spec, o => o.PrefillChunk = 48);
        using var short_ = await sessions.OpenAsync(spec, o => (o.PrefillChunk, o.MaxSequences) = (3, 2));
        var whole = Follow(session, 37);

        Assert.Equal(whole, Follow(session, 1));
        Assert.Equal(whole, Follow(session, 5));
        Assert.Equal(whole, Follow(short_, 37));

        List<float[]> Follow(IInferenceSession engine, int length)
        {
            using var sequence = engine.Open(null, tokens.Length);
            var rows = new List<float[]>();
            for (var start = 0; start < tokens.Length; start += length)
                rows.AddRange(Rows(engine, new SequenceStep(sequence, tokens.AsMemory(start, Math.Min(length, tokens.Length - start)), Math.Min(length, tokens.Length - start))));
            return rows;
        }
    }

    [Fact]
    public async Task Run_SameNewPromptTwiceInOneStep_IsComputedOnce()
    {
        using var session = await sessions.OpenAsync(_spec);
        var prompt = RandomModel.Prompt(_spec, 20, 1);
        using var first = session.Open(prompt, 30);
        using var second = session.Open(prompt, 30);
        int[] tokens = [1, 2, 3];

        var logits = session.Run([new(first, tokens), new(second, tokens)]);

        Assert.Equal(logits.Row(0, 0), logits.Row(1, 0));
        Assert.Equal((1, 1), (session.Prefixes.Hits, session.Prefixes.Misses));
    }

    [Fact]
    public async Task Run_MoreRowsThanOneRunTakes_GivesEveryStepItsOwn()
    {
        using var roomy = await sessions.OpenAsync(_spec);
        using var narrow = await sessions.OpenAsync(_spec, o => (o.PrefillChunk, o.MaxSequences) = (4, 6));

        for (var again = 0; again < 2; again++)
            Assert.Equal(Together(roomy), Together(narrow));

        List<float[]> Together(IInferenceSession session)
        {
            var (prompt, prefix) = (RandomModel.Prompt(_spec, 7, 1), RandomModel.Prefix(_spec, 5, 2));
            (ServedPrompt? Prompt, int Tokens, int Rows, int Shared)[] requests =
                [(null, 25, 25, 0), (prompt, 3, 4, 0), (prompt, 0, 1, 0), (prefix, 6, 2, 4), (prompt, 9, 1, 4), (prefix, 6, 6, 4)];
            ISequence[] open = [.. requests.Select(r => session.Open(r.Prompt, 40))];
            var rows = Rows(session, [.. requests.Select((r, i) => new SequenceStep(open[i], RandomModel.Tokens(_spec, r.Tokens, 3), r.Rows, r.Shared))]);
            foreach (var sequence in open)
                sequence.Dispose();
            return rows;
        }
    }

    [Fact]
    public async Task Run_PromptRemembered_WritesNothingThatOthersShare()
    {
        using var session = await sessions.OpenAsync(_spec);
        var prompt = RandomModel.Prompt(_spec, 20, 1);
        var alone = Follow(5);
        using var other = session.Open(prompt, 40);
        session.Run([new(other, RandomModel.Tokens(_spec, 15, 9))]);

        Assert.Equal(alone, Follow(5));

        List<float[]> Follow(ulong seed)
        {
            using var sequence = session.Open(prompt, 40);
            return Rows(session, new SequenceStep(sequence, RandomModel.Tokens(_spec, 15, seed), 15));
        }
    }

    [Fact]
    public async Task Open_PromptRemembered_ItsBlocksAreNotCountedAgain()
    {
        // A prompt of 4 blocks and a bit; room for 6 blocks beside prompts.
        using var session = await sessions.OpenAsync(_spec, o => (o.MaxCacheBytes, o.MaxSequences) = (6 * BlockBytes, 8));
        var prompt = RandomModel.Prompt(_spec, 66, 1);
        using (var first = session.Open(prompt, 72))
        {
            Assert.Throws<SoftPromptException>(() => session.Open(prompt, 72));
            session.Run([new(first, RandomModel.Tokens(_spec, 1, 1))]);
        }

        ISequence[] six = [.. Enumerable.Range(0, 6).Select(_ => session.Open(prompt, 72))];

        Assert.Throws<SoftPromptException>(() => session.Open(prompt, 72));
        Assert.Throws<SoftPromptException>(() => session.Open(null, 1));
        foreach (var sequence in six)
            sequence.Dispose();
        using var whole = session.Open(null, 96);
    }

    [Fact]
    public async Task Open_PromptForgottenMeanwhile_StillBeginsWithIt()
    {
        // Prompts may have 2 blocks and their logits: the second one takes the place of the first.
        using var session = await sessions.OpenAsync(
            _spec, o => (o.MaxCacheBytes, o.MaxPrefixBytes) = (9 * BlockBytes, 3 * BlockBytes + sizeof(float) * _spec.VocabularySize));
        var (prompt, other) = (RandomModel.Prompt(_spec, 34, 1), RandomModel.Prompt(_spec, 34, 2));
        var expected = Follow(session.Open(prompt, 48));
        var waiting = session.Open(prompt, 48);
        Follow(session.Open(other, 48));
        Assert.False(session.Remembers(prompt));
        // What is forgotten counts: one block of its own is left to it, and 2 of the prompt's.
        Assert.Throws<SoftPromptException>(() => session.Open(null, 7 * 16));

        Assert.Equal(expected, Follow(waiting));
        Follow(session.Open(null, 9 * 16));

        List<float[]> Follow(ISequence sequence)
        {
            using (sequence)
                return Rows(session, new SequenceStep(sequence, RandomModel.Tokens(_spec, 10, 7), 10));
        }
    }

    [Fact]
    public async Task Sequences_OfAllKindsInATightCache_NeverHaveMoreThanIsAllowed()
    {
        const int most = 24, mostKept = 6;
        using var session = (PagedSession)await sessions.OpenAsync(
            _spec, o => (o.MaxCacheBytes, o.MaxPrefixBytes, o.MaxSequences) = (most * BlockBytes, mostKept * BlockBytes, 12));
        var random = new SeededRandom(5);
        var (open, refused) = (new List<(ISequence Sequence, int Room)>(), 0);
        for (var round = 0; round < 300; round++)
        {
            try
            {
                var from = open.Count > 0 && random.Next(3) == 0 ? open[random.Next(open.Count)].Sequence : null;
                var prompt = random.Next(3) == 0 ? null : RandomModel.Prompt(_spec, 10 + random.Next(4) * 13, (ulong)random.Next(3));
                var (length, room) = (from?.Length ?? prompt?.VirtualTokens ?? 0, 1 + random.Next(60));
                open.Add((from is { Length: > 0 } ? session.Fork(from, length + room) : session.Open(prompt, length + room), room));
            }
            catch (SoftPromptException)
            {
                refused++;
            }
            for (var i = open.Count - 1; i >= 0; i--)
            {
                var count = Math.Min(open[i].Room, 1 + random.Next(12));
                var isLeaving = random.Next(12) == 0 || count == 0;
                if (isLeaving)
                    open[i].Sequence.Dispose();
                else
                    session.Run([new(open[i].Sequence, RandomModel.Tokens(_spec, count, (ulong)round), 1, random.Next(2))]);
                if (isLeaving)
                    open.RemoveAt(i);
                else
                    open[i] = (open[i].Sequence, open[i].Room - count);
            }
            Assert.InRange(session.BlocksInUse, 0, most + mostKept);
        }
        open.ForEach(one => one.Sequence.Dispose());
        Assert.InRange(refused, 10, 290);
        Assert.InRange(session.BlocksInUse, 0, mostKept);
        using var all = session.Open(null, Math.Min(most * 16, _spec.ContextLength));
    }

    [Fact]
    public async Task Run_HalfTheCache_StaysCloseToTheFullOne()
    {
        using var full = await sessions.OpenAsync(_spec);
        using var half = await sessions.OpenAsync(_spec, o => o.CacheType = CacheType.Half);

        var (expected, actual) = (Follow(full), Follow(half));

        var size = Math.Sqrt(expected.Sum(x => (double)x * x));
        var difference = Math.Sqrt(expected.Zip(actual).Sum(pair => Math.Pow(pair.First - pair.Second, 2)));
        Assert.InRange(difference / size, 1e-5, 1e-2);

        float[] Follow(IInferenceSession session)
        {
            using var sequence = session.Open(RandomModel.Prefix(_spec, 5, 2), 80);
            return [.. Rows(session, new SequenceStep(sequence, RandomModel.Tokens(_spec, 60, 4), 60)).SelectMany(row => row)];
        }
    }

    private static List<float[]> Rows(IInferenceSession session, params SequenceStep[] steps)
    {
        var logits = session.Run(steps);
        var rows = new List<float[]>();
        for (var step = 0; step < steps.Length; step++)
        {
            for (var row = 0; row < steps[step].LogitRows; row++)
                rows.Add(logits.Row(step, row).ToArray());
        }
        return rows;
    }
}
