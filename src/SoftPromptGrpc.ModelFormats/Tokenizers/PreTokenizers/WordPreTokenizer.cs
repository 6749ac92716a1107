using System.Text;
using SoftPromptGrpc.ModelFormats.Tokenizers.Text;

namespace SoftPromptGrpc.ModelFormats.Tokenizers.PreTokenizers;

/// <summary>The "Whitespace" of tokenizer.json: runs of word characters, and runs of what is neither that nor white space.</summary>
internal sealed class WordPreTokenizer : PreTokenizer
{
    private enum Kind
    {
        Space,
        Word,
        Other,
    }

    public override void Split(Piece piece, List<Piece> pieces)
    {
        var segments = new List<Segment>();
        var (start, position) = (0, 0);
        var current = Kind.Space;
        foreach (var rune in piece.Text.EnumerateRunes())
        {
            var kind = KindOf(rune);
            if (kind != current)
            {
                segments.Add(new Segment(start, position, IsMatch: current == Kind.Space));
                (start, current) = (position, kind);
            }
            position += rune.Utf16SequenceLength;
        }
        segments.Add(new Segment(start, position, IsMatch: current == Kind.Space));
        SplitBehavior.Removed.Cut(piece, segments, pieces);
    }

    private static Kind KindOf(Rune rune) =>
        UnicodeText.IsWord(rune) ? Kind.Word : Rune.IsWhiteSpace(rune) ? Kind.Space : Kind.Other;
}
