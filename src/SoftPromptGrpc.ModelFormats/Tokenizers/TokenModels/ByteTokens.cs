
namespace SoftPromptGrpc.ModelFormats.Tokenizers.TokenModels;

/// <summary>The tokens &lt;0x00&gt; to &lt;0xFF&gt;, which spell what the vocabulary lacks byte by byte.</summary>
internal sealed class ByteTokens(Vocabulary vocabulary)
{
    private const int LongestRune = 4;
    private readonly int?[] _ids = [.. Enumerable.Range(0, 256).Select(value => vocabulary.Find($"<0x{value:X2}>"))];

    /// <summary>Adds nothing and returns false unless all the bytes have tokens.</summary>
    public bool TryEncode(ReadOnlySpan<char> text, List<int> ids)
    {
        var before = ids.Count;
        Span<byte> utf8 = stackalloc byte[LongestRune];
        foreach (var rune in text.EnumerateRunes())
        {
            foreach (var value in utf8[..rune.EncodeToUtf8(utf8)])
            {
                if (_ids[value] is not { } id)
                {
                    ids.RemoveRange(before, ids.Count - before);
                    return false;
                }
                ids.Add(id);
            }
        }
        return true;
    }
}
