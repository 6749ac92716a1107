using SoftPromptGrpc.ModelFormats.Tokenizers.Normalizers;
using SoftPromptGrpc.ModelFormats.Tokenizers.TokenModels;

namespace SoftPromptGrpc.ModelFormats.Tokenizers.AddedTokens;

/// <summary>All added tokens of a tokenizer.</summary>
internal sealed class AddedVocabulary
{
    private readonly Dictionary<int, AddedToken> _byId = [];
    private readonly Dictionary<string, AddedToken> _byContent;
    private readonly AddedTokenMatcher _asWritten;
    private readonly AddedTokenMatcher _normalized;

    private AddedVocabulary(Dictionary<string, AddedToken> tokens, Normalizer? normalizer)
    {
        _byContent = tokens;
        foreach (var token in tokens.Values)
            _byId[token.Id] = token;
        _asWritten = new(tokens.Values.Where(t => !t.IsNormalized).Select(t => (t.Content, t)));
        _normalized = new(tokens.Values.Where(t => t.IsNormalized).Select(t => (normalizer?.Apply(t.Content) ?? t.Content, t)));
    }

    /// <summary>One more than the largest id; 0 if there are none.</summary>
    public int Size => _byId.Count == 0 ? 0 : _byId.Keys.Max() + 1;

    /// <summary>
    /// The reference library does not believe the ids in the file: a token that the model knows has the model's id, the others are
    /// numbered on from the model's count. Empty tokens and repetitions are left out.
    /// </summary>
    public static AddedVocabulary Read(TokenizerSection? section, Vocabulary vocabulary, Normalizer? normalizer)
    {
        var tokens = new Dictionary<string, AddedToken>(StringComparer.Ordinal);
        var next = vocabulary.Count;
        foreach (var item in section?.Items() ?? [])
        {
            var content = item["content"].Token;
            if (content.Length == 0 || tokens.ContainsKey(content))
                continue;
            var token = AddedToken.Read(item, vocabulary.Find(content) ?? next);
            tokens.Add(content, token);
            next = Math.Max(next, token.Id + 1);
        }
        return new AddedVocabulary(tokens, normalizer);
    }

    public AddedToken? Find(int id) => _byId.GetValueOrDefault(id);

    public AddedToken? Find(string content) => _byContent.GetValueOrDefault(content);

    public List<TextPart> SplitWritten(string text) => _asWritten.Split(text);

    public List<TextPart> SplitNormalized(string text) => _normalized.Split(text);
}
