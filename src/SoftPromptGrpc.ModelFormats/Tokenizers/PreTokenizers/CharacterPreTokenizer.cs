using System.Text;

namespace SoftPromptGrpc.ModelFormats.Tokenizers.PreTokenizers;

/// <summary>A split in which every character of a class is a match of its own.</summary>
internal sealed class CharacterPreTokenizer(Func<Rune, bool> isMatch, SplitBehavior behavior) : PreTokenizer
{
    public static readonly CharacterPreTokenizer Whitespace = new(Rune.IsWhiteSpace, SplitBehavior.Removed);

    public override void Split(Piece piece, List<Piece> pieces)
    {
        var segments = new List<Segment>();
        var (start, position) = (0, 0);
        foreach (var rune in piece.Text.EnumerateRunes())
        {
            var next = position + rune.Utf16SequenceLength;
            if (isMatch(rune))
            {
                if (position > start)
                    segments.Add(new Segment(start, position, IsMatch: false));
                segments.Add(new Segment(position, next, IsMatch: true));
                start = next;
            }
            position = next;
        }
        if (position > start)
            segments.Add(new Segment(start, position, IsMatch: false));
        behavior.Cut(piece, segments, pieces);
    }
}
