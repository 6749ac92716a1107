using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace SoftPromptGrpc.ModelFormats.Tokenizers.Normalizers;

/// <summary>
/// SentencePiece's precompiled_charsmap: the trie's length in bytes, the trie (a darts-clone double array of 32-bit units, little
/// endian), then the zero-terminated UTF-8 replacements that its leaves point at.
/// </summary>
internal sealed class CharacterMap
{
    private readonly uint[] _units;
    private readonly byte[] _replacements;

    private CharacterMap(uint[] units, byte[] replacements) => (_units, _replacements) = (units, replacements);

    public static CharacterMap Read(TokenizerSection section)
    {
        var text = section.Text;
        var bytes = new byte[text.Length / 4 * 3];
        if (!Convert.TryFromBase64String(text, bytes, out var length))
            throw section.Expected("base64");
        var map = bytes.AsSpan(0, length);
        if (length < sizeof(int))
            throw section.Corrupt("the character map is cut short.");
        var trieBytes = BinaryPrimitives.ReadInt32LittleEndian(map);
        var rest = map[sizeof(int)..];
        if (trieBytes < sizeof(uint) || trieBytes > rest.Length || trieBytes % sizeof(uint) != 0)
            throw section.Corrupt("the character map's trie has an impossible length.");
        return new CharacterMap(MemoryMarshal.Cast<byte, uint>(rest[..trieBytes]).ToArray(), rest[trieBytes..].ToArray());
    }

    /// <summary>The replacement of the shortest rule that the key begins with, as in the reference library; or null.</summary>
    public string? Find(ReadOnlySpan<byte> key)
    {
        var node = Offset(_units[0]);
        foreach (var label in key)
        {
            node ^= label;
            if (label == 0 || node >= _units.Length)
                return null;
            var unit = _units[node];
            if ((unit & 0x8000_00FF) != label)
                return null;
            node ^= Offset(unit);
            if ((unit & 0x100) != 0)
                return node < _units.Length ? Replacement(_units[node] & 0x7FFF_FFFF) : null;
        }
        return null;
    }

    private static uint Offset(uint unit) => (unit >> 10) << (int)((unit & 0x200) >> 6);

    private string? Replacement(uint start)
    {
        if (start >= _replacements.Length)
            return null;
        var text = _replacements.AsSpan((int)start);
        var end = text.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? text : text[..end]);
    }
}
