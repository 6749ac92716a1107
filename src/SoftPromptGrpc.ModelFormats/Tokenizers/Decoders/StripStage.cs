namespace SoftPromptGrpc.ModelFormats.Tokenizers.Decoders;

/// <summary>Takes up to so many of a character from each token's start and end. What may be an end is held back.</summary>
internal sealed class StripStage(char content, int start, int stop, DecoderStage next) : DecoderStage
{
    private int _strippedAtStart;
    private int _held;

    public override void Append(string fragment, bool endsToken)
    {
        var text = new string(content, _held) + StripStart(fragment);
        _held = Math.Min(stop, text.Length - text.AsSpan().TrimEnd(content).Length);
        next.Append(text[..^_held], endsToken);
        if (endsToken)
            (_strippedAtStart, _held) = (0, 0);
    }

    public override void Finish() => next.Finish();

    private string StripStart(string fragment)
    {
        var stripped = Math.Min(start - _strippedAtStart, fragment.Length - fragment.AsSpan().TrimStart(content).Length);
        _strippedAtStart = stripped < fragment.Length ? start : _strippedAtStart + stripped;
        return fragment[stripped..];
    }
}
