using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Fixtures;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Tests.Paged;

public sealed class PagedSessionTests(Sessions sessions) : IClassFixture<Sessions>
{
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
