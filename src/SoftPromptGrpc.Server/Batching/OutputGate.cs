using System.Text;
using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Server.Batching;

/// <param name="Tokenizer">Null: tokens only, and no stop texts.</param>
/// <param name="MinNewTokens">Stops lie behind these.</param>
internal sealed record StopSettings(
    ITokenizer? Tokenizer, IReadOnlyList<string> Texts, IReadOnlyList<IReadOnlyList<int>> Sequences, int MinNewTokens);

/// <summary>
/// Tokens in, certain output out: tokens that may begin a stop sequence wait, then their text is decoded, then text that may begin a
/// stop text waits, and with it the tokens that it comes from.
/// </summary>
internal sealed class OutputGate(StopSettings settings)
{
    private readonly StopSequences _sequences = new(settings.Sequences);
    private readonly StopTexts _texts = new(settings.Texts);
    private readonly IStreamingDecoder? _decoder = settings.Tokenizer?.StartDecoding(skipSpecialTokens: true);
    private readonly Queue<(OutputToken Token, int Start, int End)> _undecided = new();
    private readonly List<OutputToken> _tokens = [];
    private readonly StringBuilder _text = new();
    private int _received;
    private int _decoded;
    private int _certain;

    public bool Stopped => _sequences.Found || _texts.Found is not null;

    /// <summary>The stop text that was found; empty otherwise.</summary>
    public string StopText => _texts.Found ?? "";

    public void Append(OutputToken token)
    {
        if (_received++ < settings.MinNewTokens)
        {
            Decode(token, mayStop: false);
            return;
        }
        foreach (var certain in _sequences.Append(token))
            Decode(certain, mayStop: true);
        if (_sequences.Found)
            Flush();
    }

    /// <summary>No token follows: what was held back is output, unless it holds a stop after all.</summary>
    public void End()
    {
        foreach (var token in _sequences.Flush())
            Decode(token, mayStop: true);
        Flush();
    }

    /// <returns>What became certain since the last call.</returns>
    public (string Text, IReadOnlyList<OutputToken> Tokens) Take()
    {
        var taken = (_text.ToString(), (IReadOnlyList<OutputToken>)[.. _tokens]);
        _text.Clear();
        _tokens.Clear();
        return taken;
    }

    private void Decode(OutputToken token, bool mayStop)
    {
        if (_texts.Found is not null)
            return;
        var piece = _decoder?.Append(token.Id) ?? "";
        _undecided.Enqueue((token, _decoded, _decoded + piece.Length));
        _decoded += piece.Length;
        Release(mayStop ? _texts.Append(piece) : piece);
    }

    private void Flush()
    {
        if (_texts.Found is not null)
            return;
        Release(_texts.Append(_decoder?.Flush() ?? ""));
        if (_texts.Found is null)
            Release(_texts.Flush());
    }

    private void Release(string text)
    {
        _text.Append(text);
        _certain += text.Length;
        while (_undecided.TryPeek(out var next) && (next.End <= _certain || (Stopped && next.Start < _certain)))
            _tokens.Add(_undecided.Dequeue().Token);
    }
}
