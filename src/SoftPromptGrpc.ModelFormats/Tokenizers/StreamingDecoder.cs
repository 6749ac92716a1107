using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.ModelFormats.Tokenizers.Decoders;

namespace SoftPromptGrpc.ModelFormats.Tokenizers;

/// <summary>Decoding a whole sequence is streaming it: there is one implementation.</summary>
internal sealed class StreamingDecoder : IStreamingDecoder
{
    private readonly Func<int, string?> _tokenOf;
    private readonly DecoderStage _first;
    private readonly TextStage _text = new();

    /// <param name="tokenOf">An id's spelling; null for one to leave out.</param>
    public StreamingDecoder(StageFactory decoder, Func<int, string?> tokenOf)
    {
        _tokenOf = tokenOf;
        _first = decoder(_text);
    }

    public string Append(int id)
    {
        if (_tokenOf(id) is { } token)
            _first.Append(token, endsToken: true);
        return _text.Take();
    }

    public string Flush()
    {
        _first.Finish();
        return _text.Take();
    }
}
