
namespace SoftPromptGrpc.ModelFormats.Tokenizers.TokenModels;

/// <summary>Longest match first, as in BERT. A word that cannot be covered is one unknown token.</summary>
internal sealed class WordPieceModel : TokenModel
{
    private readonly Dictionary<string, int> _continuations = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _continuationsBySpan;
    private readonly int _unknown;
    private readonly int _longestWord;
    private readonly int _longestToken;

    private WordPieceModel(TokenizerSection section, Vocabulary vocabulary)
        : base(vocabulary)
    {
        var prefix = section["continuing_subword_prefix"].Text;
        foreach (var (token, id) in vocabulary.Tokens)
        {
            _longestToken = Math.Max(_longestToken, token.Length);
            if (token.StartsWith(prefix, StringComparison.Ordinal))
                _continuations[token[prefix.Length..]] = id;
        }
        _continuationsBySpan = _continuations.GetAlternateLookup<ReadOnlySpan<char>>();
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

    private bool TryCover(string word, List<int> ids)
    {
        for (var start = 0; start < word.Length;)
        {
            var end = LongestMatch(word, start, out var id);
            if (end == start)
                return false;
            ids.Add(id);
            start = end;
        }
        return true;
    }

    private int LongestMatch(string word, int start, out int id)
    {
        for (var end = Math.Min(word.Length, start + _longestToken); end > start; end--)
        {
            var candidate = word.AsSpan(start, end - start);
            if (start > 0 ? _continuationsBySpan.TryGetValue(candidate, out id) : TryFind(candidate, out id))
                return end;
        }
        id = _unknown;
        return start;
    }

    private bool TryFind(ReadOnlySpan<char> candidate, out int id)
    {
        var found = Vocabulary.Find(candidate);
        id = found ?? _unknown;
        return found is not null;
    }
}
