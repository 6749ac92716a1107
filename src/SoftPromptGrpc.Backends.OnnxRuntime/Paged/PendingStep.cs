using SoftPromptGrpc.Backends.OnnxRuntime.Prefixes;
using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Paged;

/// <summary>A step as positions of its sequence, and how far it has come.</summary>
internal sealed class PendingStep
{
    private readonly int _virtualTokens;

    public PendingStep(SequenceStep step, int index)
    {
        (Step, Index, Sequence) = (step, index, (PagedSequence)step.Sequence);
        _virtualTokens = Sequence.OwesPrompt ? Sequence.Prompt!.VirtualTokens : 0;
        End = Sequence.Length + _virtualTokens + step.Tokens.Length;
        FirstWanted = End - step.LogitRows;
        if (Sequence.OwesPrompt)
            Beginnings.Add(new(PrefixKey.Of(Sequence.Prompt, []), _virtualTokens));
        if (Sequence.Length == 0 && step.SharedTokens > 0)
        {
            var shared = step.Tokens.Span[..step.SharedTokens];
            Beginnings.Add(new(PrefixKey.Of(Sequence.Prompt, shared), _virtualTokens + step.SharedTokens));
        }
    }

    public SequenceStep Step { get; }

    public int Index { get; }

    public PagedSequence Sequence { get; }

    /// <summary>What others may begin with too, the shorter first.</summary>
    public List<Beginning> Beginnings { get; } = [];

    /// <summary>Whether it has been looked for what is remembered of it.</summary>
    public bool HasBegun { get; set; }

    /// <summary>The sequence's length after the step.</summary>
    public int End { get; }

    /// <summary>The first position whose logits are wanted.</summary>
    public int FirstWanted { get; }

    /// <summary>Where these go; -1: not yet known.</summary>
    public int FirstRow { get; set; } = -1;

    public int Remaining => End - Sequence.Length;

    /// <summary>The virtual token at a position of the sequence; empty: there is a token.</summary>
    public ReadOnlySpan<float> VirtualToken(int position, int width) =>
        position < _virtualTokens && Sequence.Prompt is SoftPrompt rows ? rows.Values.Span.Slice(position * width, width) : [];

    public int Token(int position) => Step.Tokens.Span[position - (End - Step.Tokens.Length)];
}

/// <param name="Key">In the memory of beginnings.</param>
/// <param name="Length">Positions.</param>
internal readonly record struct Beginning(string Key, int Length);
