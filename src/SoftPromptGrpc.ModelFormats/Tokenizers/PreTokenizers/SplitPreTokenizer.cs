using SoftPromptGrpc.ModelFormats.Tokenizers.Text;

namespace SoftPromptGrpc.ModelFormats.Tokenizers.PreTokenizers;

internal sealed class SplitPreTokenizer(TextPattern pattern, SplitBehavior behavior, bool invert) : PreTokenizer
{
    public static SplitPreTokenizer Read(TokenizerSection section) => new(
        TextPattern.Read(section["pattern"]),
        SplitBehaviors.Read(section["behavior"]),
        section.FlagOr("invert", false));

    public override void Split(Piece piece, List<Piece> pieces)
    {
        var segments = new List<Segment>();
        var position = 0;
        foreach (var (start, end) in pattern.Matches(piece.Text))
        {
            if (start > position)
                segments.Add(new Segment(position, start, IsMatch: invert));
            segments.Add(new Segment(start, end, IsMatch: !invert));
            position = end;
        }
        if (position < piece.Text.Length)
            segments.Add(new Segment(position, piece.Text.Length, IsMatch: invert));
        behavior.Cut(piece, segments, pieces);
    }
}
