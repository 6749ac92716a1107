namespace SoftPromptGrpc.ModelFormats.Tokenizers.Decoders;

/// <summary>What stands in for a missing decoder: a space between tokens.</summary>
internal sealed class SpacedStage(DecoderStage next) : DecoderStage
{
    private bool _needsSpace;

    public override void Append(string fragment, bool endsToken)
    {
        next.Append(_needsSpace ? " " + fragment : fragment, endsToken);
        _needsSpace = endsToken;
    }

    public override void Finish() => next.Finish();
}
