using SoftPromptGrpc.Conformance;
using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Core.Training;

namespace SoftPromptGrpc.Backends.Torch.Tests;

public sealed class TorchSessionTests
{
    private static readonly SoftPrompt Prompt = new PromptInitializer(TinyModel.Llama(), 3, seed: 1).RandomUniform();

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

    private static Task<IInferenceSession> OpenAsync() =>
        Backends.Inference().OpenAsync(TinyModel.Llama(), TestContext.Current.CancellationToken);
}
