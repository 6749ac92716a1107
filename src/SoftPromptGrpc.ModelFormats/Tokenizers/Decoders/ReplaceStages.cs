using SoftPromptGrpc.ModelFormats.Tokenizers.Text;

namespace SoftPromptGrpc.ModelFormats.Tokenizers.Decoders;

/// <summary>For patterns that no fragment's end can cut.</summary>
internal sealed class ReplaceFragmentStage(TextPattern pattern, string replacement, DecoderStage next) : DecoderStage
{
    public override void Append(string fragment, bool endsToken) => next.Append(pattern.Replace(fragment, replacement), endsToken);

    public override void Finish() => next.Finish();
}

internal sealed class ReplaceTokenStage(TextPattern pattern, string replacement, DecoderStage next) : TokenStage
{
    public override void Finish() => next.Finish();

    protected override void Append(string token) => next.Append(pattern.Replace(token, replacement), endsToken: true);
}
