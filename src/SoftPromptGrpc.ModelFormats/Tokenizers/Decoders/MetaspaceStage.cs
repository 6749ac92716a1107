namespace SoftPromptGrpc.ModelFormats.Tokenizers.Decoders;

/// <summary>Makes the visible space a space, or nothing in the first token.</summary>
internal sealed class MetaspaceStage(char replacement, bool dropsFirst, DecoderStage next) : DecoderStage
{
    private readonly string _replacement = replacement.ToString();
    private bool _drops = dropsFirst;

    public override void Append(string fragment, bool endsToken)
    {
        next.Append(fragment.Replace(_replacement, _drops ? "" : " ", StringComparison.Ordinal), endsToken);
        _drops &= !endsToken;
    }

    public override void Finish() => next.Finish();
}
