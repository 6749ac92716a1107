using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Fixtures;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Tests;

public abstract class SessionTests(Sessions sessions)
{
    private const int BytesPerPosition = 2 * 2 * 2 * 16 * sizeof(float); // keys and values, layers, heads, padded head size

    private readonly DecoderSpec _spec = RandomModel.Small;

    [Fact]
    public async Task Open_CacheFull_IsOverloadedUntilOneCloses()
    {
        // Room for two sequences of the whole context, and a little.
        using var session = await sessions.OpenAsync(_spec, o => o.MaxCacheBytes = (2L * _spec.ContextLength + 9) * BytesPerPosition);
        using var first = session.Open(null, _spec.ContextLength);
        var second = session.Open(null, _spec.ContextLength);

        var error = Assert.Throws<SoftPromptException>(() => session.Open(null, 1));
        Assert.Equal(ErrorKind.Overloaded, error.Kind);

        second.Dispose();
        using var third = session.Open(null, _spec.ContextLength);
        Assert.Equal(0, third.Length);
    }

    [Fact]
    public async Task Open_AfterOneLongSequence_ManyShortOnesFit()
    {
        using var session = await sessions.OpenAsync(_spec, o => o.MaxCacheBytes = 304L * BytesPerPosition);
        using (session.Open(null, 300))
            Assert.Throws<SoftPromptException>(() => session.Open(null, 10));

        var many = Enumerable.Range(0, session.MaxSequences).Select(_ => session.Open(null, 16)).ToList();

        Assert.Throws<SoftPromptException>(() => session.Open(null, 10));
        many.ForEach(s => s.Dispose());
    }

    [Fact]
    public async Task Run_StepsThatCannotBe_AreRefusedBeforeAnythingRuns()
    {
        using var session = await sessions.OpenAsync(_spec);
        using var good = session.Open(null, 8);
        using var plain = session.Open(null, 3);
        using var prompted = session.Open(RandomModel.Prompt(_spec, 2, 1), 3);
        var closed = session.Open(null, 3);
        closed.Dispose();

        foreach (var bad in new SequenceStep[]
        {
            Step(plain, 0),
            Step(plain, 1, 1, 2, 3, 4),
            Step(plain, 1, _spec.VocabularySize),
            Step(plain, 1, -1),
            Step(plain, 2, 1),
            Step(plain, -1, 1),
            Step(prompted, 1, 1, 2),
            Step(prompted, 3, 1),
            Step(closed, 1, 1),
            Step(good, 1, 1),
        })
        {
            Assert.Throws<ArgumentException>(() => { session.Run([Step(good, 1, 1), bad]); });
            Assert.Equal(0, good.Length);
        }
    }

    [Fact]
    public async Task Dispose_SequencesStillOpen_WaitsForThem()
    {
        var session = await sessions.OpenAsync(_spec);
        var (first, second) = (session.Open(null, 5), session.Open(null, 5));
        session.Run([Step(first, 1, 1, 2), Step(second, 1, 3)]);

        session.Dispose();
        first.Dispose();
        first.Dispose();
        second.Dispose();
        session.Dispose();

        Assert.Throws<ObjectDisposedException>(() => session.Open(null, 5));
    }

    private static SequenceStep Step(ISequence sequence, int logitRows, params int[] tokens) => new(sequence, tokens, logitRows);
}

public sealed class PagedSessionTests(Sessions sessions) : SessionTests(sessions), IClassFixture<Sessions>;

public sealed class StandardSessionTests(StandardSessions sessions) : SessionTests(sessions), IClassFixture<StandardSessions>;
