using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Prompts;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch;

/// <summary>A prompt and the tokens behind it so far.</summary>
internal sealed class TorchSequence(TorchSession session, ServedPrompt? prompt, int capacity) : ISequence
{
    private readonly List<long> _tokens = [];
    private bool _hasRun;
    private bool _isDisposed;

    public int Length => _hasRun ? PromptLength + _tokens.Count : 0;

    private int PromptLength => prompt?.VirtualTokens ?? 0;

    public bool IsOpenIn(TorchSession other) => !_isDisposed && session == other;

    public bool Fits(SequenceStep step, int vocabularySize)
    {
        var added = PromptLength + _tokens.Count + step.Tokens.Length - Length;
        var predicting = step.Tokens.Length + (prompt is SoftPrompt && !_hasRun ? 1 : 0);
        if (added == 0 || Length + added > capacity || step.LogitRows < 0 || step.LogitRows > predicting)
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
    public void Advance(Decoder decoder, SequenceStep step, Span<float> logits)
    {
        foreach (var token in step.Tokens.Span)
            _tokens.Add(token);
        _hasRun = true;
        if (step.LogitRows == 0)
            return;
        using var scope = NewDisposeScope();
        var hidden = decoder.Forward(Embeddings(decoder), Prefix(decoder))[0];
        decoder.Head(hidden.narrow(0, hidden.shape[0] - step.LogitRows, step.LogitRows)).cpu().data<float>().CopyTo(logits[..(step.LogitRows * decoder.Spec.VocabularySize)]);
    }

    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        session.Close();
    }

    /// <summary>[1, length behind a prefix, hidden size].</summary>
    private Tensor Embeddings(Decoder decoder)
    {
        var text = decoder.Embed(tensor(_tokens.ToArray()).to(decoder.Device));
        return (prompt is SoftPrompt rows ? cat([Values(rows, decoder.Device), text], 0) : text).unsqueeze(0);
    }

    private Tensor? Prefix(Decoder decoder) => prompt is KeyValuePrefix prefix ? Values(prefix, decoder.Device) : null;

    private static Tensor Values(ServedPrompt prompt, Device device) =>
        tensor(prompt.Values.ToArray()).view([.. prompt.Shape.Select(length => (long)length)]).to(device);
}
