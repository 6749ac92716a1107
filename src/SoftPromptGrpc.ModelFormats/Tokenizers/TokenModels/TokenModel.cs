namespace SoftPromptGrpc.ModelFormats.Tokenizers.TokenModels;

/// <summary>Turns a piece of text into ids of its vocabulary. Safe from several threads.</summary>
internal abstract class TokenModel(Vocabulary vocabulary)
{
    public Vocabulary Vocabulary => vocabulary;

    public abstract void Encode(string piece, List<int> ids);

    public static TokenModel Create(TokenizerSection section) => TypeOf(section) switch
    {
        "BPE" => BpeModel.Read(section),
        "Unigram" => UnigramModel.Read(section),
        "WordPiece" => WordPieceModel.Read(section),
        var other => throw section.Unsupported($"the model \"{other}\""),
    };

    // The oldest files name no type.
    private static string TypeOf(TokenizerSection section)
    {
        if (section.Find("type") is { } type)
            return type.Text;
        if (section.Find("merges") is not null)
            return "BPE";
        return section["vocab"].IsArray ? "Unigram" : "WordPiece";
    }
}
