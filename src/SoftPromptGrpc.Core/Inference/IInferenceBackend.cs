using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Core.Inference;

/// <summary>Opens sessions that run a frozen model. A singleton.</summary>
public interface IInferenceBackend
{
    /// <summary>The id that configuration and requests use, such as "onnxruntime".</summary>
    string Name { get; }

    /// <summary>Whether this backend implements every setting of this architecture.</summary>
    bool Supports(ModelSpec spec);

    /// <summary>What <see cref="OpenAsync"/> would take, as far as the sizes of the model tell.</summary>
    InferenceMemory EstimateMemory(BaseModel model);

    /// <summary>Loads the model. Slow: it may export and write files first.</summary>
    Task<IInferenceSession> OpenAsync(BaseModel model, CancellationToken cancellationToken);
}

/// <summary>
/// A loaded model that advances sequences: tokens in, logits out. It never sees text. One loop owns it: no member may be called
/// from two threads at once. What a sequence gets never depends on which others share its steps, bit for bit.
/// </summary>
public interface IInferenceSession : IDisposable
{
    /// <summary>How many sequences may be open at once.</summary>
    int MaxSequences { get; }

    /// <summary>What the session remembers of prompts. May be read from any thread.</summary>
    PrefixUse Prefixes => default;

    /// <summary>Whether a sequence that begins with the prompt would cost no computation of its rows.</summary>
    bool Remembers(ServedPrompt prompt) => false;

    /// <summary>Opens a sequence that begins with the prompt's rows or its keys and values, or with nothing. Runs nothing yet.</summary>
    /// <param name="prompt">Made for this model (same fingerprint, no misfit): the caller has checked.</param>
    /// <param name="capacity">Positions to reserve, virtual tokens included; at most the model's context length.</param>
    /// <param name="encoderInput">
    /// Only for an encoder-decoder: what its encoder reads behind the prompt; not empty without one. The sequence is then the
    /// decoder's: the prompt takes none of its positions and has no logits, and its first token is the spec's DecoderStart.
    /// </param>
    /// <exception cref="SoftPromptException"><see cref="ErrorKind.Overloaded"/>: no place or no memory.</exception>
    ISequence Open(ServedPrompt? prompt, int capacity, ReadOnlyMemory<int> encoderInput = default);

    /// <summary>Opens a sequence that goes on from where another one stands. What has been run is shared or copied, not run again.</summary>
    /// <param name="origin">Of this session, and no longer at its beginning. It goes on for itself.</param>
    /// <param name="capacity">As in <see cref="Open"/>; at least what <paramref name="origin"/> has run.</param>
    /// <exception cref="SoftPromptException"><see cref="ErrorKind.Overloaded"/>: no place or no memory.</exception>
    ISequence Fork(ISequence origin, int capacity);

    /// <summary>Advances each sequence by its step's tokens, in as few passes over the weights as the backend can.</summary>
    /// <param name="steps">At most one for each sequence.</param>
    /// <returns>The logits asked for: the session's own buffer, overwritten by the next call.</returns>
    StepLogits Run(IReadOnlyList<SequenceStep> steps);
}

/// <summary>A sequence's place in a session. Disposing it frees its cache; call it on the session's loop.</summary>
public interface ISequence : IDisposable
{
    /// <summary>Positions that have been run, virtual tokens included.</summary>
    int Length { get; }

    /// <summary>Forgets what has been run behind a position.</summary>
    /// <param name="length">At most <see cref="Length"/>; not before the end of the first step, nor before where it was forked.</param>
    void Rewind(int length);
}

/// <param name="Tokens">
/// What to append. May be empty only in the first step of a sequence with a prompt: then the prompt alone is run or laid in.
/// </param>
/// <param name="LogitRows">
/// For how many of the last positions logits are wanted: 0 to <c>Tokens.Length</c>, and one more (the last virtual token's) in the
/// first step of a sequence with a <see cref="SoftPrompt"/>. A <see cref="KeyValuePrefix"/> predicts nothing.
/// </param>
/// <param name="SharedTokens">
/// In a sequence's first step: how many of the first tokens are a beginning that other sequences behind the same prompt are likely to
/// have too, such as a template's. A session may keep what it computes of them. Other steps' are not looked at.
/// </param>
public readonly record struct SequenceStep(ISequence Sequence, ReadOnlyMemory<int> Tokens, int LogitRows = 1, int SharedTokens = 0);

/// <summary>The logits of one call of <see cref="IInferenceSession.Run"/>. Valid until the next call.</summary>
/// <param name="values">[rows, vocabularySize], in the order of the steps.</param>
/// <param name="firstRows">Where each step's rows begin.</param>
public readonly ref struct StepLogits(ReadOnlySpan<float> values, int vocabularySize, ReadOnlySpan<int> firstRows)
{
    private readonly ReadOnlySpan<float> _values = values;
    private readonly ReadOnlySpan<int> _firstRows = firstRows;

    /// <param name="step">Index into the steps that were run.</param>
    /// <param name="row">0 to LogitRows - 1; the last one predicts what follows the step's last token.</param>
    public ReadOnlySpan<float> Row(int step, int row) => _values.Slice((_firstRows[step] + row) * vocabularySize, vocabularySize);
}
