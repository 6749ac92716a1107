namespace SoftPromptGrpc.ModelFormats.Tokenizers.Decoders;

/// <summary>A space before each token that does not continue a word; cleaning up takes it from before punctuation again.</summary>
internal sealed class WordPieceStage(string prefix, bool cleansUp, DecoderStage next) : TokenStage
{
    // In the reference library's order, and within one token only.
    private static readonly (string From, string To)[] CleanUps =
    [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"), (" do not", " don't"),
        (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ];

    private bool _isFirst = true;

    public override void Finish() => next.Finish();

    protected override void Append(string token)
    {
        var text = _isFirst ? token : token.StartsWith(prefix, StringComparison.Ordinal) ? token[prefix.Length..] : " " + token;
        _isFirst = false;
        next.Append(cleansUp ? CleanUp(text) : text, endsToken: true);
    }

    private static string CleanUp(string text) =>
        CleanUps.Aggregate(text, (cleaned, rule) => cleaned.Replace(rule.From, rule.To, StringComparison.Ordinal));
}
