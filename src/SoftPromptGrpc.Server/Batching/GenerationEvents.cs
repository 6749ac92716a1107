namespace SoftPromptGrpc.Server.Batching;

internal enum FinishReason { EndOfSequence, Stop, Length, ContextFull, Cancelled }

/// <param name="Queue">Until it got a place in the batch.</param>
/// <param name="Prefill">From there to the first token.</param>
/// <param name="Decode">From the first token to the last.</param>
internal readonly record struct WorkTimes(TimeSpan Queue, TimeSpan Prefill, TimeSpan Decode);

internal abstract record GenerationEvent;

/// <param name="Text">New text that is certain.</param>
/// <param name="Tokens">New tokens that are certain; their text may come later.</param>
internal sealed record OutputPart(string Text, IReadOnlyList<OutputToken> Tokens) : GenerationEvent
{
    /// <summary>Both, as one.</summary>
    public OutputPart Join(OutputPart next) => new(Text + next.Text, [.. Tokens, .. next.Tokens]);
}

/// <summary>The last event.</summary>
/// <param name="StopText">The one that was found; empty otherwise.</param>
internal sealed record GenerationEnd(FinishReason Reason, string StopText, WorkTimes Times) : GenerationEvent;
