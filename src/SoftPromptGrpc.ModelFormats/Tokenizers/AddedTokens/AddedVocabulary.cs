using SoftPromptGrpc.ModelFormats.Tokenizers.Normalizers;

namespace SoftPromptGrpc.ModelFormats.Tokenizers.AddedTokens;

/// <summary>All added tokens of a tokenizer.</summary>
internal sealed class AddedVocabulary
{
    private readonly Dictionary<int, AddedToken> _byId = [];
    private readonly Dictionary<string, AddedToken> _byContent = new(StringComparer.Ordinal);
    private readonly AddedTokenMatcher _asWritten;
    private readonly AddedTokenMatcher _normalized;

    public AddedVocabulary(IReadOnlyList<AddedToken> tokens, Normalizer? normalizer)
    {
        foreach (var token in tokens)
        {
            _byId[token.Id] = token;
            _byContent[token.Content] = token;
        }
        _asWritten = new(tokens.Where(t => !t.IsNormalized).Select(t => (t.Content, t)));
        _normalized = new(tokens.Where(t => t.IsNormalized).Select(t => (normalizer?.Apply(t.Content) ?? t.Content, t)));
    }

    /// <summary>One more than the largest id; 0 if there are none.</summary>
    public int Size => _byId.Count == 0 ? 0 : _byId.Keys.Max() + 1;

    public AddedToken? Find(int id) => _byId.GetValueOrDefault(id);

    public AddedToken? Find(string content) => _byContent.GetValueOrDefault(content);

    public List<TextPart> SplitWritten(string text) => _asWritten.Split(text);

    public List<TextPart> SplitNormalized(string text) => _normalized.Split(text);
}
