using System.Collections.Concurrent;
using System.IO.Compression;
using System.Text.Json;
using SoftPromptGrpc.Fixtures;
using SoftPromptGrpc.ModelFormats.Tokenizers;

namespace SoftPromptGrpc.ModelFormats.Tests.Tokenizers;

/// <summary>What the reference library makes of one text.</summary>
/// <param name="Tokens">Null where the goldens do not say.</param>
internal sealed record GoldenText(string Text, int[] Ids, int[] IdsWithSpecial, string Decoded, string DecodedSkipping, string[]? Tokens);

/// <summary>A tokenizer with the reference library's results.</summary>
internal sealed record GoldenTokenizer(HfTokenizer Tokenizer, IReadOnlyList<GoldenText> Texts)
{
    private static readonly ConcurrentDictionary<string, Lazy<GoldenTokenizer>> Loaded = new();

    /// <summary>Tiny vocabularies, in every published form.</summary>
    public static readonly string[] Styles =
    [
        "gpt2_style_320", "llama3_style", "qwen2_style", "t5_style", "llama2_legacy_style", "llama2_metaspace_style", "gemma_style",
    ];

    /// <summary>Whole vocabularies. The ones that are too large for the repository are skipped where they are absent.</summary>
    public static readonly string[] Whole =
    [
        "real/gpt2", "real/bert_uncased", "selfmade/t5_like", "selfmade/xlmr_like", "selfmade/albert_like", "selfmade/tinyllama_like",
        "real/bert_cased_like", "real/gpt35turbo", "real/gptoss", "real/mistral_metaspace", "real/mistral_v01", "real/qwen3",
        "real/roberta_like",
    ];

    public static TheoryData<string> Names => new(Styles.Concat(Whole));

    /// <summary>Skips the test where the files are absent.</summary>
    public static GoldenTokenizer Load(string name)
    {
        var directory = Goldens.Directory(Whole.Contains(name) ? $"tokenizers_real/{name}" : $"tokenizers/{name}");
        return Loaded.GetOrAdd(name, _ => new(() => Whole.Contains(name) ? ReadWhole(directory) : ReadStyle(directory))).Value;
    }

    public static byte[] Unzip(string path)
    {
        using var zip = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        zip.CopyTo(bytes);
        return bytes.ToArray();
    }

    private static GoldenTokenizer ReadStyle(string directory)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(directory, "goldens.json")));
        return new GoldenTokenizer(HfTokenizer.Load(directory)!, [.. json.RootElement.GetProperty("cases").EnumerateArray().Select(c =>
            new GoldenText(
                Text(c, "text"), Ids(c, "ids_no_special"), Ids(c, "ids"), Text(c, "decoded"), Text(c, "decoded_skip_special"),
                [.. c.GetProperty("tokens").EnumerateArray().Select(t => t.GetString()!)]))]);
    }

    private static GoldenTokenizer ReadWhole(string directory)
    {
        var tokenizer = HfTokenizer.Parse(Unzip(Path.Combine(directory, "tokenizer.json.gz")));
        using var goldens = JsonDocument.Parse(Unzip(Path.Combine(directory, "golden.json.gz")));
        var texts = Goldens.Json("tokenizers_real/strings.json").EnumerateArray();
        return new GoldenTokenizer(tokenizer, [.. texts.Zip(goldens.RootElement.EnumerateArray(), (text, c) =>
            new GoldenText(Text(text, "text"), Ids(c, "ids"), Ids(c, "ids_special"), Text(c, "decoded"), Text(c, "decoded_skip"), null))]);
    }

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;

    private static int[] Ids(JsonElement element, string name) =>
        [.. element.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];
}
