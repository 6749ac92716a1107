using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Prompts;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch;

/// <summary>A prompt and the tokens behind it so far.</summary>
/// <param name="promptPositions">What the prompt takes of the sequence.</param>
internal sealed class TorchSequence(
    TorchSession session, ServedPrompt? prompt, int promptPositions, ReadOnlyMemory<int> encoderInput, int capacity) : ISequence
{
    private readonly List<int> _tokens = [];
    private bool _hasRun;
    private bool _isDisposed;

    public int Length => _hasRun ? promptPositions + _tokens.Count : 0;

    public bool IsOpenIn(TorchSession other) => !_isDisposed && session == other;

    public bool Fits(SequenceStep step, int vocabularySize)
    {
        var added = promptPositions + _tokens.Count + step.Tokens.Length - Length;
        var predicting = step.Tokens.Length + (prompt is SoftPrompt && promptPositions > 0 && !_hasRun ? 1 : 0);
        var isEmpty = added == 0 && (_hasRun || prompt is null);
        if (isEmpty || Length + added > capacity || step.LogitRows < 0 || step.LogitRows > predicting)
            return false;
        foreach (var token in step.Tokens.Span)
        {
            if ((uint)token >= (uint)vocabularySize)
                return false;
        }
        return true;
    }

    /// <param name="step">One that <see cref="Fits"/>.</param>
    /// <param name="logits">Where the step's rows begin.</param>
    public void Advance(ISequenceModel model, SequenceStep step, Span<float> logits)
    {
        _tokens.AddRange(step.Tokens.Span);
        _hasRun = true;
        if (step.LogitRows == 0)
            return;
        using var scope = NewDisposeScope();
        var hidden = model.Forward(prompt, encoderInput, _tokens);
        var rows = model.Head(hidden.narrow(0, hidden.shape[0] - step.LogitRows, step.LogitRows));
        rows.cpu().data<float>().CopyTo(logits[..(step.LogitRows * model.Spec.VocabularySize)]);
    }

    /// <summary>In a place that the session has taken.</summary>
    public TorchSequence Fork(int capacity)
    {
        var fork = new TorchSequence(session, prompt, promptPositions, encoderInput, capacity) { _hasRun = true };
        fork._tokens.AddRange(_tokens);
        return fork;
    }

    public void Rewind(int length)
    {
        if (_isDisposed || length < Math.Max(1, promptPositions) || length > Length)
            throw new ArgumentException("The sequence is closed or never was at this length.", nameof(length));
        _tokens.RemoveRange(length - promptPositions, Length - length);
    }

    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        session.Close();
    }
}
