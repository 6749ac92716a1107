using System.Globalization;
using System.Text;
using SoftPromptGrpc.ModelFormats.Tokenizers.Text;

namespace SoftPromptGrpc.ModelFormats.Tokenizers.Normalizers;

/// <summary>SentencePiece's compiled rules: a rule for a whole user-perceived character goes before rules for its code points.</summary>
internal sealed class PrecompiledNormalizer(CharacterMap map) : Normalizer
{
    // The reference library tries a whole cluster only up to this many UTF-8 bytes.
    private const int LongestCluster = 5;
    private const int LongestRune = 4;

    public static PrecompiledNormalizer Read(TokenizerSection section) => new(CharacterMap.Read(section));

    public override string Apply(string text)
    {
        var result = new StringBuilder(text.Length);
        Span<byte> utf8 = stackalloc byte[LongestCluster];
        for (var rest = text.AsSpan(); !rest.IsEmpty;)
        {
            var cluster = rest[..StringInfo.GetNextTextElementLength(rest)];
            rest = rest[cluster.Length..];
            if (Encoding.UTF8.TryGetBytes(cluster, utf8, out var length) && map.Find(utf8[..length]) is { } replacement)
                result.Append(replacement);
            else
                AppendRunes(result, cluster);
            TokenizerLimits.CheckTextLength(result.Length);
        }
        return result.ToString();
    }

    private void AppendRunes(StringBuilder result, ReadOnlySpan<char> cluster)
    {
        Span<byte> utf8 = stackalloc byte[LongestRune];
        foreach (var rune in cluster.EnumerateRunes())
        {
            if (map.Find(utf8[..rune.EncodeToUtf8(utf8)]) is { } replacement)
                result.Append(replacement);
            else
                UnicodeText.Append(result, rune);
        }
    }
}
