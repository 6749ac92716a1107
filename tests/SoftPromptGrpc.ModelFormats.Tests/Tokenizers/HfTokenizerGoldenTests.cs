using System.Text.Json;
using SoftPromptGrpc.Fixtures;
using SoftPromptGrpc.ModelFormats.Tokenizers;

namespace SoftPromptGrpc.ModelFormats.Tests.Tokenizers;

public sealed class HfTokenizerGoldenTests
{
    public static TheoryData<string> Names => GoldenTokenizer.Names;

    public static TheoryData<string> Styles => new(GoldenTokenizer.Styles);

    [Theory]
    [MemberData(nameof(Names))]
    public void Encode_GoldenTexts_GivesTheReferencesIds(string name)
    {
        var (tokenizer, texts) = GoldenTokenizer.Load(name);

        Assert.NotEmpty(texts);
        Assert.All(texts, golden =>
        {
            Assert.Equal(golden.Ids, tokenizer.Encode(golden.Text, addSpecialTokens: false));
            Assert.Equal(golden.IdsWithSpecial, tokenizer.Encode(golden.Text, addSpecialTokens: true));
        });
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Decode_GoldenIds_GivesTheReferencesText(string name)
    {
        var (tokenizer, texts) = GoldenTokenizer.Load(name);

        Assert.All(texts, golden =>
        {
            Assert.Equal(golden.Decoded, tokenizer.Decode(DecodedIds(golden), skipSpecialTokens: false));
            Assert.Equal(golden.DecodedSkipping, tokenizer.Decode(DecodedIds(golden), skipSpecialTokens: true));
        });
    }

    [Theory]
    [MemberData(nameof(Styles))]
    public void TokenOf_GoldenIds_GivesTheReferencesTokens(string name)
    {
        var (tokenizer, texts) = GoldenTokenizer.Load(name);

        // For an unknown token the reference gives what stood in the text.
        Assert.All(texts, golden => Assert.All(golden.IdsWithSpecial.Zip(golden.Tokens!), pair =>
            Assert.True(tokenizer.TokenOf(pair.First) == pair.Second || tokenizer.TokenOf(pair.First) == "<unk>")));
    }

    [Fact]
    public void Encode_FromSeveralThreads_GivesTheReferencesIds()
    {
        var texts = GoldenTokenizer.Load("real/gpt2").Texts;
        var directory = Goldens.Directory("tokenizers_real/real/gpt2");
        var tokenizer = HfTokenizer.Parse(GoldenTokenizer.Unzip(Path.Combine(directory, "tokenizer.json.gz"))); // With an empty cache.

        Parallel.For(0, 4 * texts.Count, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
            Assert.Equal(texts[i % texts.Count].Ids, tokenizer.Encode(texts[i % texts.Count].Text, addSpecialTokens: false)));
    }

    [Fact]
    public void Encode_Gpt2sOwnVocabulary_GivesTheReferencesIds()
    {
        var directory = Goldens.SharedDirectory("models/tokenizer_gpt2");
        var tokenizer = HfTokenizer.Load(directory)!;

        Assert.All(Cases(Path.Combine(directory, "goldens.json")), c =>
        {
            var ids = c.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()).ToArray();
            Assert.Equal(ids, tokenizer.Encode(c.GetProperty("text").GetString()!, addSpecialTokens: true));
            Assert.Equal(c.GetProperty("decoded").GetString(), tokenizer.Decode(ids, skipSpecialTokens: false));
        });
    }

    [Fact]
    public void Encode_Stories260K_GivesTheIdsOfItsTrainingCode()
    {
        var tokenizer = HfTokenizer.Load(Goldens.Stories260K)!;

        Assert.All(Cases(Path.Combine(Goldens.Stories260K, "tokenizer_goldens.json")), c =>
            Assert.Equal(
                c.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()),
                tokenizer.Encode(c.GetProperty("text").GetString()!, addSpecialTokens: true)));
    }

    // The small goldens decoded the ids with special tokens, the large ones those without.
    private static int[] DecodedIds(GoldenText golden) => golden.Tokens is null ? golden.Ids : golden.IdsWithSpecial;

    private static JsonElement[] Cases(string path)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(path));
        return [.. json.RootElement.Clone().GetProperty("cases").EnumerateArray()];
    }
}
