using System.Text;
using SoftPromptGrpc.ModelFormats.Tokenizers.Text;

namespace SoftPromptGrpc.ModelFormats.Tokenizers.Normalizers;

internal sealed class BertNormalizer(bool cleanText, bool spaceIdeographs, bool stripAccents, bool lowercase) : Normalizer
{
    public static BertNormalizer Read(TokenizerSection section)
    {
        var lowercase = section["lowercase"].Flag;
        return new BertNormalizer(
            section["clean_text"].Flag,
            section["handle_chinese_chars"].Flag,
            section.FlagOr("strip_accents", lowercase),
            lowercase);
    }

    public override string Apply(string text)
    {
        text = CleanAndSpace(text);
        if (stripAccents)
            text = UnicodeText.Remove(UnicodeText.Normalize(text, NormalizationForm.FormD), IsAccent);
        return lowercase ? UnicodeText.ToLower(text) : text;
    }

    private static bool IsAccent(Rune rune) => Rune.GetUnicodeCategory(rune) == System.Globalization.UnicodeCategory.NonSpacingMark;

    private string CleanAndSpace(string text)
    {
        var result = new StringBuilder(text.Length + 16);
        foreach (var rune in text.EnumerateRunes())
        {
            if (cleanText && IsDropped(rune))
                continue;
            if (cleanText && Rune.IsWhiteSpace(rune))
                result.Append(' ');
            else if (spaceIdeographs && IsIdeograph(rune.Value))
                result.Append(' ').Append(rune.ToString()).Append(' ');
            else
                UnicodeText.Append(result, rune);
        }
        return result.ToString();
    }

    private static bool IsDropped(Rune rune) =>
        rune.Value is 0 or 0xFFFD || (rune.Value is not ('\t' or '\n' or '\r') && UnicodeText.IsControl(rune));

    // 2B920 is the reference library's own figure: BERT's original code has 2B820.
    private static bool IsIdeograph(int code) => code
        is (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x20000 and <= 0x2A6DF) or (>= 0x2A700 and <= 0x2B73F)
        or (>= 0x2B740 and <= 0x2B81F) or (>= 0x2B920 and <= 0x2CEAF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F);
}
