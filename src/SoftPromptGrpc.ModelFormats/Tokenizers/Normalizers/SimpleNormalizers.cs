using System.Text;
using SoftPromptGrpc.ModelFormats.Tokenizers.Text;

namespace SoftPromptGrpc.ModelFormats.Tokenizers.Normalizers;

internal sealed class UnicodeFormNormalizer(NormalizationForm form) : Normalizer
{
    public override string Apply(string text) => UnicodeText.Normalize(text, form);
}

internal sealed class LowercaseNormalizer : Normalizer
{
    public override string Apply(string text) => UnicodeText.ToLower(text);
}

internal sealed class StripAccentsNormalizer : Normalizer
{
    public override string Apply(string text) => UnicodeText.Remove(text, UnicodeText.IsMark);
}

internal sealed class StripNormalizer(bool left, bool right) : Normalizer
{
    public override string Apply(string text)
    {
        if (left)
            text = text.TrimStart();
        return right ? text.TrimEnd() : text;
    }
}

internal sealed class PrependNormalizer(string prefix) : Normalizer
{
    public override string Apply(string text)
    {
        TokenizerLimits.CheckTextLength((long)prefix.Length + text.Length);
        return text.Length == 0 ? text : prefix + text;
    }
}

internal sealed class ReplaceNormalizer(TextPattern pattern, string replacement) : Normalizer
{
    public static ReplaceNormalizer Read(TokenizerSection section) => new(TextPattern.Read(section["pattern"]), section["content"].Text);

    public override string Apply(string text) => pattern.Replace(text, replacement);
}
