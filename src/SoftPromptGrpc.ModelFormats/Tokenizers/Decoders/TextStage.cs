using System.Text;

namespace SoftPromptGrpc.ModelFormats.Tokenizers.Decoders;

/// <summary>The end of the pipeline: the text that is certain.</summary>
internal sealed class TextStage : DecoderStage
{
    private readonly StringBuilder _text = new();

    public override void Append(string fragment, bool endsToken)
    {
        TokenizerLimits.CheckTextLength((long)_text.Length + fragment.Length);
        _text.Append(fragment);
    }

    public override void Finish()
    {
    }

    public string Take()
    {
        var text = _text.ToString();
        _text.Clear();
        return text;
    }
}
