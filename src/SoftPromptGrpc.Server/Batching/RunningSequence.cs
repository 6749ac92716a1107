using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Server.Batching;

/// <summary>Work with a place in the batch.</summary>
internal sealed class RunningSequence(ISequenceWork work, ISequence sequence) : IDisposable
{
    public ISequenceWork Work => work;

    public SequenceStep Next { get; private set; }

    public PlannedSequence Planned { get; private set; }

    /// <summary>Looks up what it would run next.</summary>
    public void Prepare(int chunk)
    {
        var tokens = work.NextTokens(chunk);
        Next = new SequenceStep(sequence, tokens, work.LogitRows(tokens));
        // A prefix is copied, not run.
        var virtualTokens = sequence.Length == 0 && work.Prompt is SoftPrompt rows ? rows.VirtualTokens : 0;
        Planned = new PlannedSequence(work.IsDecoding, tokens.Length + virtualTokens);
    }

    public void Advance(StepLogits logits, int step) => work.Advance(Next.Tokens, logits, step);

    public void Dispose() => sequence.Dispose();
}
