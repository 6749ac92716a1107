using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Backends.OnnxRuntime;

/// <summary>What a decoder's session is asked for is refused here, before anything runs, where it cannot be.</summary>
internal static class Requests
{
    /// <summary>One more sequence.</summary>
    /// <param name="open">How many there are.</param>
    public static void Check(ServedPrompt? prompt, int capacity, DecoderSpec spec, int open, int most)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, Math.Max(1, prompt?.VirtualTokens ?? 0));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, spec.ContextLength);
        if (prompt?.MisfitWith(spec) is { } misfit)
            throw new ArgumentException($"The prompt does not fit the model: {misfit}.", nameof(prompt));
        if (open == most)
            throw new SoftPromptException(ErrorKind.Overloaded, $"All {most} places of the model are taken.");
    }

    /// <summary>One more sequence, from where another one stands.</summary>
    /// <param name="isOpen">Whether that one is of this session, and open.</param>
    public static void CheckFork(int length, int capacity, bool isOpen)
    {
        if (!isOpen || length == 0)
            throw new ArgumentException("The sequence is closed, not of this session, or at its beginning.");
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, length);
    }

    public static void CheckRewind(int target, int length, bool isClosed)
    {
        if (isClosed || target < 1 || target > length)
            throw new ArgumentException("The sequence is closed or never was at this length.");
    }

    public static void Check(IReadOnlyList<SequenceStep> steps, IInferenceSession session, DecoderSpec spec)
    {
        var seen = new HashSet<ISequence>();
        foreach (var step in steps)
        {
            if (step.Sequence is not DecoderSequence sequence || sequence.Session != session || sequence.IsClosed || !seen.Add(sequence))
                throw new ArgumentException("A step's sequence is closed, not of this session, or there twice.", nameof(steps));
            var prompted = sequence.OwesPrompt;
            if (step.Tokens.IsEmpty && !prompted)
                throw new ArgumentException("A step has no tokens.", nameof(steps));
            if (step.LogitRows < 0 || step.LogitRows > step.Tokens.Length + (prompted && sequence.Prompt is SoftPrompt ? 1 : 0))
                throw new ArgumentException("A step asks for more rows of logits than it has positions.", nameof(steps));
            if (sequence.Length + (prompted ? sequence.Prompt!.VirtualTokens : 0) + step.Tokens.Length > sequence.Capacity)
                throw new ArgumentException("A step exceeds its sequence's capacity.", nameof(steps));
            if (step.SharedTokens < 0 || (sequence.Length == 0 && step.SharedTokens > step.Tokens.Length))
                throw new ArgumentException("A step shares more tokens than it has.", nameof(steps));
            foreach (var token in step.Tokens.Span)
            {
                if ((uint)token >= (uint)spec.VocabularySize)
                    throw new ArgumentException($"Token {token} is outside the vocabulary.", nameof(steps));
            }
        }
    }
}
