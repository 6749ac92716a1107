namespace SoftPromptGrpc.ModelFormats.Tokenizers.Decoders;

/// <summary>Makes one token of all.</summary>
internal sealed class FuseStage(DecoderStage next) : DecoderStage
{
    public override void Append(string fragment, bool endsToken) => next.Append(fragment, endsToken: false);

    public override void Finish()
    {
        next.Append("", endsToken: true);
        next.Finish();
    }
}
