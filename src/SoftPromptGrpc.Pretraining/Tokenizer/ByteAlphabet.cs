using System.Collections.Frozen;
using System.Text;

namespace SoftPromptGrpc.Pretraining.Tokenizer;

/// <summary>GPT-2's printable character for each of the 256 bytes (Radford et al. 2019, encoder.py).</summary>
internal static class ByteAlphabet
{
    private static readonly char[] Characters = Build();

    /// <summary>The 256 characters in code point order, as the Hugging Face trainer numbers them.</summary>
    public static IEnumerable<char> Ordered => Characters.Order();

    public static string Spell(string text) => string.Concat(Encoding.UTF8.GetBytes(text).Select(b => Characters[b]));

    private static char[] Build()
    {
        var printable = Enumerable.Range('!', '~' - '!' + 1).Concat(Enumerable.Range(0xA1, 0xAC - 0xA1 + 1)).Concat(Enumerable.Range(0xAE, 0xFF - 0xAE + 1)).ToFrozenSet();
        var next = 256;
        return [.. Enumerable.Range(0, 256).Select(b => (char)(printable.Contains(b) ? b : next++))];
    }
}
