using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch;

/// <summary>Runs each sequence from its beginning, alone, so that nothing another one does can show in its logits.</summary>
internal sealed class TorchSession : IInferenceSession
{
    private readonly ISequenceModel _model;
    private float[] _logits = [];
    private int _open;
    private bool _isDisposed;

    /// <param name="model">Taken over: disposed with the session and its last sequence.</param>
    public TorchSession(ISequenceModel model, int maxSequences) => (_model, MaxSequences) = (model, maxSequences);

    public int MaxSequences { get; }

    public ISequence Open(ServedPrompt? prompt, int capacity, ReadOnlyMemory<int> encoderInput = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, Math.Max(1, _model.PositionsOf(prompt)));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, _model.Spec.ContextLength);
        (_model.Spec as EncoderDecoderSpec)?.RequireInput(prompt, encoderInput.Span);
        TakePlace();
        return new TorchSequence(this, prompt, _model.PositionsOf(prompt), encoderInput.ToArray(), capacity);
    }

    public ISequence Fork(ISequence origin, int capacity)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (origin is not TorchSequence sequence || !sequence.IsOpenIn(this) || origin.Length == 0)
            throw new ArgumentException("The sequence is closed, not of this session, or at its beginning.", nameof(origin));
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, origin.Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, _model.Spec.ContextLength);
        TakePlace();
        return sequence.Fork(capacity);
    }

    public StepLogits Run(IReadOnlyList<SequenceStep> steps)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        Check(steps);
        using var frozen = no_grad();
        var vocabulary = _model.Spec.VocabularySize;
        var rows = steps.Sum(step => step.LogitRows);
        if (_logits.Length < rows * vocabulary)
            _logits = new float[rows * vocabulary];
        var firstRows = new int[steps.Count];
        for (int i = 0, row = 0; i < steps.Count; row += steps[i++].LogitRows)
        {
            firstRows[i] = row;
            ((TorchSequence)steps[i].Sequence).Advance(_model, steps[i], _logits.AsSpan(row * vocabulary));
        }
        return new StepLogits(_logits, vocabulary, firstRows);
    }

    public void Dispose()
    {
        _isDisposed = true;
        FreeWhenUnused();
    }

    internal void Close()
    {
        _open--;
        FreeWhenUnused();
    }

    private void TakePlace()
    {
        if (_open == MaxSequences)
            throw new SoftPromptException(ErrorKind.Overloaded, $"All {MaxSequences} sequences of this model are in use.");
        _open++;
    }

    /// <summary>Refuses all steps if one of them cannot be run.</summary>
    private void Check(IReadOnlyList<SequenceStep> steps)
    {
        var seen = new HashSet<ISequence>();
        foreach (var step in steps)
        {
            if (!seen.Add(step.Sequence) || step.Sequence is not TorchSequence sequence || !sequence.IsOpenIn(this))
                throw new ArgumentException("A step's sequence is closed, not of this session, or there twice.", nameof(steps));
            if (!sequence.Fits(step, _model.Spec.VocabularySize))
                throw new ArgumentException("A step has no tokens, too many, one outside the vocabulary, or too many rows.", nameof(steps));
        }
    }

    private void FreeWhenUnused()
    {
        if (!_isDisposed || _open > 0)
            return;
        _model.Dispose();
    }
}
