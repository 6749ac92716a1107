using System.Text;

namespace SoftPromptGrpc.ModelFormats.Tokenizers.Text;

/// <summary>GPT-2's visible character for each byte, such as Ġ for the space.</summary>
public static class ByteAlphabet
{
    private const int Unused = -1;
    private static readonly char[] Characters = CreateCharacters();
    private static readonly int[] Bytes = CreateBytes();

    /// <summary>All 256 in code point order, as the Hugging Face trainer numbers them.</summary>
    public static IEnumerable<char> Ordered => Characters.Order();

    /// <summary>A text's UTF-8, one character per byte.</summary>
    public static string Spell(string text) => string.Create(Encoding.UTF8.GetByteCount(text), text, (spelled, source) =>
    {
        Span<byte> utf8 = stackalloc byte[4];
        var length = 0;
        foreach (var rune in source.EnumerateRunes())
        {
            foreach (var value in utf8[..rune.EncodeToUtf8(utf8)])
                spelled[length++] = Characters[value];
        }
    });

    /// <summary>The bytes of a token. One with characters outside the alphabet, such as an added token, stands for itself.</summary>
    public static byte[] Read(string token)
    {
        var bytes = new byte[token.Length];
        for (var i = 0; i < token.Length; i++)
        {
            if (token[i] >= Bytes.Length || Bytes[token[i]] == Unused)
                return Encoding.UTF8.GetBytes(token);
            bytes[i] = (byte)Bytes[token[i]];
        }
        return bytes;
    }

    private static char[] CreateCharacters()
    {
        var characters = new char[256];
        var next = (char)256;
        for (var value = 0; value < 256; value++)
        {
            var isVisible = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or >= 0xAE;
            characters[value] = isVisible ? (char)value : next++;
        }
        return characters;
    }

    private static int[] CreateBytes()
    {
        var bytes = new int[Characters.Max() + 1];
        Array.Fill(bytes, Unused);
        for (var value = 0; value < 256; value++)
            bytes[Characters[value]] = value;
        return bytes;
    }
}
