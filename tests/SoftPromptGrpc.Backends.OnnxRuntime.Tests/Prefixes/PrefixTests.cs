using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Fixtures;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Tests.Prefixes;

/// <summary>What is remembered of a prompt gives the logits that computing it gives, bit for bit.</summary>
public abstract class PrefixTests(Sessions sessions)
{
    private const int Head = 9;
    private static readonly int[] One = [1];

    private readonly DecoderSpec _spec = RandomModel.Small;

    [Theory]
    [MemberData(nameof(RandomSpecs.Names), MemberType = typeof(RandomSpecs))]
    public async Task Run_PromptSeenBefore_GivesTheSameBits(string name)
    {
        var spec = RandomSpecs.Get(name);
        ServedPrompt?[] prompts = [RandomModel.Prompt(spec, 19, 1), RandomModel.Prefix(spec, 5, 2), null];
        using var forgetful = await sessions.OpenAsync(spec, o => (o.PrefillChunk, o.MaxPrefixBytes) = (16, 0));
        using var session = await sessions.OpenAsync(spec, o => o.PrefillChunk = 16);
        foreach (var prompt in prompts)
        {
            foreach (var shared in new[] { 0, Head })
            {
                var computed = Follow(forgetful, spec, prompt, shared);
                Assert.Equal(computed, Follow(session, spec, prompt, shared));
                Assert.Equal(computed, Follow(session, spec, prompt, shared));
            }
        }

        Assert.Equal((false, true), (forgetful.Remembers(prompts[0]!), session.Remembers(prompts[0]!)));
        Assert.Equal(0, forgetful.Prefixes.Hits);
        Assert.True(session.Prefixes.Hits >= 4, $"{session.Prefixes.Hits} hits.");
    }

    [Fact]
    public async Task Run_OtherHeadOrOtherPrompt_IsNotMistaken()
    {
        using var session = await sessions.OpenAsync(_spec);
        var (prompt, other) = (RandomModel.Prompt(_spec, 7, 1), RandomModel.Prompt(_spec, 7, 2));
        var first = Logits(prompt, [1, 2, 3, 4]);

        Assert.NotEqual(first, Logits(prompt, [1, 2, 5, 4]));
        Assert.NotEqual(first, Logits(other, [1, 2, 3, 4]));
        Assert.NotEqual(first, Logits(null, [1, 2, 3, 4]));
        Assert.Equal(first, Logits(prompt, [1, 2, 3, 4]));

        float[] Logits(ServedPrompt? behind, int[] tokens)
        {
            using var sequence = session.Open(behind, 20);
            return session.Run([new SequenceStep(sequence, tokens, SharedTokens: 3)]).Row(0, 0).ToArray();
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Run_LogitsOfTheBeginningItself_AreThoseOfASequenceThatSharesNothing(int rows)
    {
        using var session = await sessions.OpenAsync(_spec);
        var prompt = RandomModel.Prompt(_spec, 7, 1);
        int[] tokens = [1, 2, 3, 4];
        var expected = Logits(0);

        for (var again = 0; again < 2; again++)
        {
            var actual = Logits(4);
            Assert.Equal(expected.Length, actual.Length);
            for (var i = 0; i < rows; i++)
                Assert.All(expected[i].Zip(actual[i]), pair => Assert.Equal(pair.First, pair.Second, 5e-5f));
        }

        float[][] Logits(int shared)
        {
            using var sequence = session.Open(prompt, 20);
            var logits = session.Run([new SequenceStep(sequence, tokens, rows, shared)]);
            var all = new float[rows][];
            for (var i = 0; i < rows; i++)
                all[i] = logits.Row(0, i).ToArray();
            return all;
        }
    }

    [Fact]
    public async Task Run_ManyPrompts_StaysWithinTheBytes()
    {
        using var session = await sessions.OpenAsync(_spec, o => o.MaxPrefixBytes = 50_000);
        for (var i = 0; i < 100; i++)
        {
            using var sequence = session.Open(RandomModel.Prompt(_spec, 8, (ulong)i), 20);
            session.Run([new SequenceStep(sequence, One)]);
            Assert.InRange(session.Prefixes.Bytes, 1, 50_000);
        }

        Assert.Equal((0, 100), (session.Prefixes.Hits, session.Prefixes.Misses));
    }

    [Fact]
    public async Task Run_MoreSharedTokensThanTokens_IsRefused()
    {
        using var session = await sessions.OpenAsync(_spec);
        using var sequence = session.Open(null, 20);

        Assert.Throws<ArgumentException>(() => { session.Run([new SequenceStep(sequence, One, SharedTokens: 2)]); });
        Assert.Throws<ArgumentException>(() => { session.Run([new SequenceStep(sequence, One, SharedTokens: -1)]); });
        Assert.Equal(0, sequence.Length);
    }

    private static List<float[]> Follow(IInferenceSession session, DecoderSpec spec, ServedPrompt? prompt, int shared)
    {
        var tokens = RandomModel.Tokens(spec, 40, 5);
        using var sequence = session.Open(prompt, 80);
        var first = session.Run([new SequenceStep(sequence, tokens.AsMemory(0, 30), 2, shared)]);
        List<float[]> all = [first.Row(0, 0).ToArray(), first.Row(0, 1).ToArray()];
        for (var i = 30; i < 33; i++)
            all.Add(session.Run([new SequenceStep(sequence, tokens.AsMemory(i, 1))]).Row(0, 0).ToArray());
        return all;
    }
}

public sealed class PagedPrefixTests(Sessions sessions) : PrefixTests(sessions), IClassFixture<Sessions>;

public sealed class StandardPrefixTests(StandardSessions sessions) : PrefixTests(sessions), IClassFixture<StandardSessions>;
