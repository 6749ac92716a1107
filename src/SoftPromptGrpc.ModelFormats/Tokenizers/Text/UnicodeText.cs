using System.Text;
using SoftPromptGrpc.Core;
using static System.Globalization.UnicodeCategory;

namespace SoftPromptGrpc.ModelFormats.Tokenizers.Text;

/// <summary>Unicode as the reference library's crates see it.</summary>
internal static class UnicodeText
{
    // Without ICU (InvariantGlobalization, or no libicu) .NET returns the text as it is, silently.
    private static readonly bool CanNormalize = "e\u0301".Normalize() == "\u00e9";

    public static void RequireNormalization()
    {
        if (!CanNormalize)
            throw new SoftPromptException(
                ErrorKind.Precondition,
                "Unicode normalization does not work in this process: install ICU (libicu) and leave InvariantGlobalization off.");
    }

    /// <summary>Lone surrogates become U+FFFD.</summary>
    public static string WellFormed(string text) =>
        text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0 ? text : Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    /// <param name="text">Well formed.</param>
    public static string Normalize(string text, NormalizationForm form)
    {
        // .NET refuses the noncharacter U+FFFE. Nothing composes across it.
        return text.Contains('\uFFFE')
            ? string.Join('\uFFFE', text.Split('\uFFFE').Select(part => part.Normalize(form)))
            : text.Normalize(form);
    }

    public static string ToLower(string text)
    {
        var lower = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value == 0x130)
                lower.Append("i\u0307"); // The one letter whose full lower case is longer than its simple one.
            else
                Append(lower, Rune.ToLowerInvariant(rune));
        }
        return lower.ToString();
    }

    public static string Remove(string text, Func<Rune, bool> isRemoved)
    {
        var kept = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (!isRemoved(rune))
                Append(kept, rune);
        }
        return kept.ToString();
    }

    public static void Append(StringBuilder builder, Rune rune)
    {
        Span<char> units = stackalloc char[2];
        builder.Append(units[..rune.EncodeToUtf16(units)]);
    }

    public static bool IsMark(Rune rune) => Rune.GetUnicodeCategory(rune) is NonSpacingMark or SpacingCombiningMark or EnclosingMark;

    public static bool IsNumber(Rune rune) => Rune.GetUnicodeCategory(rune) is DecimalDigitNumber or LetterNumber or OtherNumber;

    /// <summary>BERT's notion: all of ASCII's symbols count, other symbols do not.</summary>
    public static bool IsPunctuation(Rune rune) => rune.IsAscii
        ? rune.Value is > ' ' and < 127 && !char.IsAsciiLetterOrDigit((char)rune.Value)
        : Rune.GetUnicodeCategory(rune) is ConnectorPunctuation or DashPunctuation or OpenPunctuation or ClosePunctuation
            or InitialQuotePunctuation or FinalQuotePunctuation or OtherPunctuation;

    /// <summary>The categories "other"; unassigned code points are not among them, as in the reference library.</summary>
    public static bool IsControl(Rune rune) => Rune.GetUnicodeCategory(rune) is Control or Format or PrivateUse or Surrogate;

    /// <summary>\w of Unicode Technical Standard 18, annex C.</summary>
    public static bool IsWord(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UppercaseLetter or LowercaseLetter or TitlecaseLetter or ModifierLetter or OtherLetter => true,
        NonSpacingMark or SpacingCombiningMark or EnclosingMark => true,
        DecimalDigitNumber or LetterNumber or ConnectorPunctuation => true,
        _ => rune.Value is 0x200C or 0x200D                                  // joiners
            or (>= 0x24B6 and <= 0x24E9) or (>= 0x1F130 and <= 0x1F149)      // circled and squared letters
            or (>= 0x1F150 and <= 0x1F169) or (>= 0x1F170 and <= 0x1F189),
    };
}
