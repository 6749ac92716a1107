using System.Text;
using SoftPromptGrpc.ModelFormats.Tokenizers.Text;

namespace SoftPromptGrpc.ModelFormats.Tokenizers.Decoders;

/// <summary>Joins the bytes of all tokens. A character is held back until its last byte comes; invalid bytes become U+FFFD.</summary>
internal sealed class ByteLevelStage(DecoderStage next) : TokenStage
{
    private readonly Decoder _utf8 = Encoding.UTF8.GetDecoder();

    public override void Finish()
    {
        next.Append(Decode([], isEnd: true), endsToken: true);
        next.Finish();
    }

    protected override void Append(string token)
    {
        var text = Decode(ByteAlphabet.Read(token), isEnd: false);
        if (text.Length > 0)
            next.Append(text, endsToken: false);
    }

    private string Decode(byte[] bytes, bool isEnd)
    {
        var units = new char[_utf8.GetCharCount(bytes, isEnd)];
        return new string(units, 0, _utf8.GetChars(bytes, units, isEnd));
    }
}
