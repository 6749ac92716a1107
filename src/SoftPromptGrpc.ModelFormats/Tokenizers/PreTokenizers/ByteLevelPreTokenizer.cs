using SoftPromptGrpc.ModelFormats.Tokenizers.Text;

namespace SoftPromptGrpc.ModelFormats.Tokenizers.PreTokenizers;

/// <summary>GPT-2's way: optionally its split into words, then every UTF-8 byte becomes one visible character.</summary>
internal sealed class ByteLevelPreTokenizer(bool addPrefixSpace, bool splitWords) : PreTokenizer
{
    private static readonly SplitPreTokenizer Words = new(
        TextPattern.OfRegex(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"),
        SplitBehavior.Isolated,
        invert: false);

    public override void Split(Piece piece, List<Piece> pieces)
    {
        if (addPrefixSpace && !piece.Text.StartsWith(' '))
            piece = piece with { Text = " " + piece.Text };
        var first = pieces.Count;
        if (splitWords)
            Words.Split(piece, pieces);
        else if (piece.Text.Length > 0)
            pieces.Add(piece);
        for (var i = first; i < pieces.Count; i++)
            pieces[i] = pieces[i] with { Text = ByteAlphabet.Spell(pieces[i].Text) };
    }
}
