using Microsoft.Extensions.Options;
using SoftPromptGrpc.Conformance;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Core.Training;

namespace SoftPromptGrpc.Backends.Torch.Tests;

public sealed class TorchSessionTests
{
    private static readonly SoftPrompt Prompt = new PromptInitializer(TinyModel.Llama(), 3, seed: 1).RandomUniform();

    [Fact]
    public async Task Open_AllPlacesTaken_IsOverloadedUntilOneCloses()
    {
        using var session = await OpenAsync(maxSequences: 1);
        var first = session.Open(null, 4);

        Assert.Equal(ErrorKind.Overloaded, Assert.Throws<SoftPromptException>(() => session.Open(null, 4)).Kind);

        first.Dispose();
        first.Dispose();
        using var second = session.Open(null, 4);
        Assert.Throws<SoftPromptException>(() => session.Open(null, 4));
    }

    [Fact]
    public async Task Run_TokenByToken_EqualsTheWhole()
    {
        using var session = await OpenAsync();
        using var whole = session.Open(Prompt, 8);
        using var parts = session.Open(Prompt, 8);
        var expected = session.Run([Step(whole, 4, 4, 5, 6)]).Row(0, 3).ToArray();

        session.Run([Step(parts, 0)]);
        Assert.Equal(3, parts.Length);
        session.Run([Step(parts, 1, 4)]);
        session.Run([Step(parts, 1, 5)]);
        var actual = session.Run([Step(parts, 1, 6)]).Row(0, 0).ToArray();

        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
        Assert.Equal(6, parts.Length);
    }

    [Fact]
    public async Task Run_StepsThatCannotBe_AreRefusedBeforeAnythingRuns()
    {
        using var session = await OpenAsync();
        using var other = await OpenAsync();
        using var good = session.Open(null, 8);
        using var plain = session.Open(null, 3);
        using var prompted = session.Open(Prompt, 4);
        using var foreign = other.Open(null, 3);
        var closed = session.Open(null, 3);
        closed.Dispose();

        foreach (var bad in new SequenceStep[]
        {
            Step(plain, 0),
            Step(plain, 1, 1, 2, 3, 4),
            Step(plain, 1, TinyModel.VocabularySize),
            Step(plain, 1, -1),
            Step(plain, 2, 1),
            Step(plain, -1, 1),
            Step(prompted, 1, 1, 2),
            Step(prompted, 3, 1),
            Step(closed, 1, 1),
            Step(foreign, 1, 1),
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
        var session = await OpenAsync();
        var sequence = session.Open(null, 4);

        session.Dispose();
        sequence.Dispose();
        session.Dispose();

        Assert.Throws<ObjectDisposedException>(() => session.Open(null, 4));
    }

    private static SequenceStep Step(ISequence sequence, int logitRows, params int[] tokens) => new(sequence, tokens, logitRows);

    private static Task<IInferenceSession> OpenAsync(int maxSequences = 16) =>
        new TorchInferenceBackend(Options.Create(new TorchOptions { MaxSequences = maxSequences }))
            .OpenAsync(TinyModel.Llama(), TestContext.Current.CancellationToken);
}
