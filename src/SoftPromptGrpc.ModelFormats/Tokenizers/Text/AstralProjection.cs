using System.Globalization;
using System.Text;
using static System.Globalization.UnicodeCategory;

namespace SoftPromptGrpc.ModelFormats.Tokenizers.Text;

/// <summary>
/// A text with every character beyond U+FFFF replaced by one stand-in of the same category. .NET's regular expressions see UTF-16
/// units, so \p{L} would not match such a letter, and [^\s] would match half of one.
/// </summary>
internal readonly struct AstralProjection
{
    private const char Unassigned = '\u0378';
    private static readonly char[] StandIns = CreateStandIns();
    private readonly List<int>? _offsets;

    /// <param name="text">Well formed.</param>
    public AstralProjection(string text)
    {
        Text = text;
        if (text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF') < 0)
            return;
        var projected = new StringBuilder(text.Length);
        _offsets = new List<int>(text.Length + 1);
        var offset = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            projected.Append(rune.IsBmp ? (char)rune.Value : StandIns[(int)Rune.GetUnicodeCategory(rune)]);
            _offsets.Add(offset);
            offset += rune.Utf16SequenceLength;
        }
        _offsets.Add(offset);
        Text = projected.ToString();
    }

    public string Text { get; }

    /// <summary>From an offset in <see cref="Text"/> to the one in the original.</summary>
    public int Original(int offset) => _offsets is null ? offset : _offsets[offset];

    private static char[] CreateStandIns()
    {
        (UnicodeCategory Category, char StandIn)[] pairs =
        [
            (UppercaseLetter, '\u00C0'), (LowercaseLetter, '\u00E0'), (TitlecaseLetter, '\u01C5'), (ModifierLetter, '\u02B0'),
            (OtherLetter, '\u05D0'), (NonSpacingMark, '\u0483'), (SpacingCombiningMark, '\u0903'), (EnclosingMark, '\u0488'),
            (DecimalDigitNumber, '\u0660'), (LetterNumber, '\u2160'), (OtherNumber, '\u00B2'), (OtherPunctuation, '\u00A7'),
            (DashPunctuation, '\u2010'), (OpenPunctuation, '\u2045'), (ClosePunctuation, '\u2046'), (ConnectorPunctuation, '\u203F'),
            (InitialQuotePunctuation, '\u2018'), (FinalQuotePunctuation, '\u2019'), (MathSymbol, '\u00B1'), (CurrencySymbol, '\u00A3'),
            (ModifierSymbol, '\u00A8'), (OtherSymbol, '\u00A6'), (Format, '\u00AD'), (PrivateUse, '\uE000'),
        ];
        var standIns = new char[(int)OtherNotAssigned + 1];
        Array.Fill(standIns, Unassigned);
        foreach (var (category, standIn) in pairs)
            standIns[(int)category] = standIn;
        return standIns;
    }
}
