using System.Text;
using SoftPromptGrpc.Fixtures;
using SoftPromptGrpc.ModelFormats.Tokenizers;

namespace SoftPromptGrpc.Fuzzing.Targets;

/// <summary>tokenizer.json: read, then used on a text with something of everything.</summary>
internal sealed class TokenizerTarget : IFuzzTarget
{
    private const string Text = "Ab, café 12  don't <s>日本🙂\u0301 xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n";

    public string Name => "tokenizer";

    public IReadOnlyList<byte[]> Seeds { get; } =
    [
        .. new[] { "gpt2_style_320", "llama2_legacy_style", "llama3_style", "t5_style" }
            .Select(tokenizer => File.ReadAllBytes(Goldens.File($"tokenizers/{tokenizer}/tokenizer.json"))),
    ];

    public IReadOnlyList<byte[]> Tokens { get; } =
    [
        .. new[]
        {
            "null", "true", "-1", "2147483647", "1e999", "\"\"", "\"▁\"", "{\"Regex\":\"(a+)+$\"}", "[]", "{}", "\"type\":\"Sequence\"",
            "\"type\":\"BPE\"", "\"type\":\"Unigram\"", "\"type\":\"WordPiece\"", "\"Precompiled\"", "\"Metaspace\"", "\"ByteLevel\"",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    public bool Read(byte[] bytes) => Refusal.OrSuccess(bytes.Length, () =>
    {
        var tokenizer = HfTokenizer.Parse(bytes, """{"bos_token":"<s>"}"""u8.ToArray());
        var ids = tokenizer.Encode(Text, addSpecialTokens: true);
        tokenizer.Decode(ids, skipSpecialTokens: true);
        tokenizer.Decode([.. Enumerable.Range(-1, 20)], skipSpecialTokens: false);
    });
}
