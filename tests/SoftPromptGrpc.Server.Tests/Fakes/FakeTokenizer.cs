using System.Text;
using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Server.Tests.Fakes;

/// <summary>One token per UTF-8 byte, so that characters outside ASCII span tokens: id = byte + 3. Ids 0 to 2 are special.</summary>
internal sealed class FakeTokenizer : ITokenizer
{
    public const int Padding = 0;
    public const int Beginning = 1;
    public const int End = 2;
    public const int Size = FirstByte + 256;
    private const int FirstByte = 3;

    public int VocabularySize => Size;

    public int? BeginningOfSequence => Beginning;

    public int? EndOfSequence => End;

    public static int IdOf(char ascii) => ascii + FirstByte;

    public static int[] IdsOf(string text) => [.. Encoding.UTF8.GetBytes(text).Select(b => b + FirstByte)];

    public int[] Encode(string text, bool addSpecialTokens) => addSpecialTokens ? [Beginning, .. IdsOf(text)] : IdsOf(text);

    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens)
    {
        var decoder = StartDecoding(skipSpecialTokens);
        var text = new StringBuilder();
        foreach (var id in ids)
            text.Append(decoder.Append(id));
        return text.Append(decoder.Flush()).ToString();
    }

    public IStreamingDecoder StartDecoding(bool skipSpecialTokens) => new StreamingDecoder(skipSpecialTokens);

    public string? TokenOf(int id) => id switch
    {
        >= 0 and < FirstByte => $"<{id}>",
        < Size => $"0x{id - FirstByte:X2}",
        _ => null,
    };

    public bool IsSpecial(int id) => id < FirstByte;

    private sealed class StreamingDecoder(bool skipSpecialTokens) : IStreamingDecoder
    {
        private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();

        public string Append(int id)
        {
            if (id < FirstByte)
                return skipSpecialTokens ? "" : $"<{id}>";
            var chars = new char[4];
            var count = _decoder.GetChars([(byte)(id - FirstByte)], chars, flush: false);
            return new string(chars, 0, count);
        }

        public string Flush()
        {
            var chars = new char[4];
            var count = _decoder.GetChars([], chars, flush: true);
            return new string(chars, 0, count);
        }
    }
}
