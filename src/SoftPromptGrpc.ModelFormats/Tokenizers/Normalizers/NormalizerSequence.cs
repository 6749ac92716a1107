namespace SoftPromptGrpc.ModelFormats.Tokenizers.Normalizers;

internal sealed class NormalizerSequence(Normalizer[] steps) : Normalizer
{
    public override string Apply(string text)
    {
        foreach (var step in steps)
        {
            text = step.Apply(text);
            TokenizerLimits.CheckTextLength(text.Length);
        }
        return text;
    }
}
