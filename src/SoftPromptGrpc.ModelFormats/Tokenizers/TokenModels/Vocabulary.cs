using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.ModelFormats.Tokenizers.TokenModels;

/// <summary>Tokens and their ids. Ids may have gaps.</summary>
internal sealed class Vocabulary
{
    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _idsBySpan;
    private readonly string?[] _tokens;

    private Vocabulary(Dictionary<string, int> ids, string?[] tokens, int count)
    {
        _ids = ids;
        _idsBySpan = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        _tokens = tokens;
        Count = count;
    }

    /// <summary>How many tokens the file lists.</summary>
    public int Count { get; }

    /// <summary>One more than the largest id.</summary>
    public int Size => _tokens.Length;

    public IEnumerable<KeyValuePair<string, int>> Tokens => _ids;

    /// <summary>{"token": id, …}</summary>
    public static Vocabulary Read(TokenizerSection section)
    {
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (token, id) in section.Properties())
            ids[section.CheckToken(token)] = id.Id;
        var tokens = new string?[ids.Values.DefaultIfEmpty(-1).Max() + 1];
        foreach (var (token, id) in ids)
            tokens[id] = token;
        return new Vocabulary(ids, tokens, ids.Count);
    }

    /// <summary>The ids are the places in the list; of a token that stands twice, the last.</summary>
    public static Vocabulary Of(TokenizerSection section, string[] tokens)
    {
        if (tokens.Length > TokenizerLimits.TokenId)
            throw section.Corrupt("too many tokens.");
        var ids = new Dictionary<string, int>(tokens.Length, StringComparer.Ordinal);
        for (var id = 0; id < tokens.Length; id++)
            ids[section.CheckToken(tokens[id])] = id;
        return new Vocabulary(ids, tokens, tokens.Length);
    }

    public int? Find(ReadOnlySpan<char> token) => _idsBySpan.TryGetValue(token, out var id) ? id : null;

    public string? TokenOf(int id) => (uint)id < (uint)_tokens.Length ? _tokens[id] : null;

    /// <summary>The id of a token that another part of the file names.</summary>
    /// <exception cref="SoftPromptException">It is not here.</exception>
    public int Require(TokenizerSection section, string token) =>
        Find(token) ?? throw section.Corrupt("a token is named that is not in the vocabulary.");
}
