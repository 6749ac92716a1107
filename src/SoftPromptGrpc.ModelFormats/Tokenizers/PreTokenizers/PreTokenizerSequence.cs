namespace SoftPromptGrpc.ModelFormats.Tokenizers.PreTokenizers;

internal sealed class PreTokenizerSequence(PreTokenizer[] steps) : PreTokenizer
{
    public override void Split(Piece piece, List<Piece> pieces)
    {
        var current = new List<Piece> { piece };
        foreach (var step in steps)
        {
            var next = new List<Piece>(current.Count * 2);
            foreach (var part in current)
                step.Split(part, next);
            current = next;
        }
        pieces.AddRange(current);
    }
}
