using System.Runtime.InteropServices;

namespace SoftPromptGrpc.ModelFormats.Tokenizers.TokenModels;

/// <summary>A vocabulary, walked one UTF-16 unit at a time.</summary>
internal sealed class TokenTrie
{
    public const int Root = 0;
    private const int NoToken = -1;
    private readonly Dictionary<(int Node, char Unit), int> _children = [];
    private readonly List<int> _tokens = [NoToken];

    public TokenTrie(IEnumerable<KeyValuePair<string, int>> tokens)
    {
        foreach (var (token, id) in tokens)
        {
            var node = Root;
            foreach (var unit in token)
                node = Child(node, unit);
            if (node != Root)
                _tokens[node] = id;
        }
    }

    public bool TryStep(ref int node, char unit) => _children.TryGetValue((node, unit), out node);

    public int? TokenAt(int node) => _tokens[node] is not NoToken and var id ? id : null;

    /// <summary>The longest token that the text begins with.</summary>
    public (int Id, int Length)? LongestPrefix(ReadOnlySpan<char> text)
    {
        (int, int)? longest = null;
        var node = Root;
        for (var length = 1; length <= text.Length && TryStep(ref node, text[length - 1]); length++)
        {
            if (TokenAt(node) is { } id)
                longest = (id, length);
        }
        return longest;
    }

    private int Child(int node, char unit)
    {
        ref var child = ref CollectionsMarshal.GetValueRefOrAddDefault(_children, (node, unit), out var exists);
        if (!exists)
        {
            child = _tokens.Count;
            _tokens.Add(NoToken);
        }
        return child;
    }
}
