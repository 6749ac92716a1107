using System.Text;

namespace SoftPromptGrpc.ModelFormats.Tokenizers.Decoders;

/// <summary>
/// One decoder of tokenizer.json at work on one sequence. Tokens come in fragments, so that a stage which fuses all tokens into one can
/// pass text on before the sequence ends.
/// </summary>
internal abstract class DecoderStage
{
    /// <param name="endsToken">Whether the next fragment belongs to another token.</param>
    public abstract void Append(string fragment, bool endsToken);

    /// <summary>The sequence ends.</summary>
    public abstract void Finish();
}

/// <summary>A stage that needs whole tokens.</summary>
internal abstract class TokenStage : DecoderStage
{
    private readonly StringBuilder _pending = new();

    public sealed override void Append(string fragment, bool endsToken)
    {
        if (endsToken && _pending.Length == 0)
        {
            Append(fragment);
            return;
        }
        TokenizerLimits.CheckTextLength((long)_pending.Length + fragment.Length);
        _pending.Append(fragment);
        if (!endsToken)
            return;
        var token = _pending.ToString();
        _pending.Clear();
        Append(token);
    }

    protected abstract void Append(string token);
}
