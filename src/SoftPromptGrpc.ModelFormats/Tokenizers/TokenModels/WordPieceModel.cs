namespace SoftPromptGrpc.ModelFormats.Tokenizers.TokenModels;

/// <summary>Longest match first, as in BERT. A word that cannot be covered is one unknown token.</summary>
internal sealed class WordPieceModel : TokenModel
{
    private readonly TokenTrie _beginnings;
    private readonly TokenTrie _continuations;
    private readonly int _unknown;
    private readonly int _longestWord;

    private WordPieceModel(TokenizerSection section, Vocabulary vocabulary)
        : base(vocabulary)
    {
        var prefix = section["continuing_subword_prefix"].Text;
        _beginnings = new TokenTrie(vocabulary.Tokens);
        _continuations = new TokenTrie(
            from token in vocabulary.Tokens
            where token.Key.StartsWith(prefix, StringComparison.Ordinal)
            select KeyValuePair.Create(token.Key[prefix.Length..], token.Value));
        _unknown = vocabulary.Require(section, section["unk_token"].Text);
        _longestWord = section["max_input_chars_per_word"].IntegerUpTo(TokenizerLimits.WordLength);
    }

    public static WordPieceModel Read(TokenizerSection section) => new(section, Vocabulary.Read(section["vocab"]));

    public override void Encode(string piece, List<int> ids)
    {
        var before = ids.Count;
        if (piece.EnumerateRunes().Count() <= _longestWord && TryCover(piece, ids))
            return;
        ids.RemoveRange(before, ids.Count - before);
        ids.Add(_unknown);
    }

    private bool TryCover(ReadOnlySpan<char> word, List<int> ids)
    {
        var trie = _beginnings;
        while (!word.IsEmpty)
        {
            if (trie.LongestPrefix(word) is not var (id, length))
                return false;
            ids.Add(id);
            word = word[length..];
            trie = _continuations;
        }
        return true;
    }
}
