using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Inference;

namespace SoftPromptGrpc.Server.Batching;

/// <summary>Work with a place in the batch.</summary>
internal sealed class RunningSequence(ISequenceWork work, IInferenceSession session, ISequence sequence) : IDisposable
{
    public ISequenceWork Work => work;

    public SequenceStep Next { get; private set; }

    public PlannedSequence Planned { get; private set; }

    /// <summary>Looks up what it would run next.</summary>
    public void Prepare(int chunk)
    {
        GoBack();
        var tokens = work.NextTokens(chunk);
        var shared = sequence.Length == 0 ? Math.Min(work.Start.SharedTokens, tokens.Length) : 0;
        Next = new SequenceStep(sequence, tokens, work.LogitRows(tokens), shared);
        Planned = new PlannedSequence(work.IsDecoding, tokens.Length + (sequence.Length == 0 ? CostOfStart() : 0));
    }

    /// <summary>A part of the work as a sequence of its own; null: it cannot be divided now.</summary>
    /// <exception cref="SoftPromptException"><see cref="ErrorKind.Overloaded"/>: there is no memory for it.</exception>
    public RunningSequence? Branch()
    {
        if (!work.CanBranch)
            return null;
        GoBack();
        var fork = session.Fork(sequence, work.Capacity);
        return new RunningSequence(work.Branch(), session, fork);
    }

    private void GoBack()
    {
        if (work.Past is { } past && sequence.Length > past)
            sequence.Rewind(past);
    }

    private int CostOfStart() => work.Start is { Prompt: { } prompt, EncoderInput: null } && session.Remembers(prompt) ? 0 : work.Start.Cost;

    public void Advance(StepLogits logits, int step) => work.Advance(Next.Tokens, logits, step);

    public void Dispose() => sequence.Dispose();
}
