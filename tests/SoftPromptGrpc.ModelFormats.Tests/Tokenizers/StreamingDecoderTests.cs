using System.Text;
using SoftPromptGrpc.ModelFormats.Tokenizers;

namespace SoftPromptGrpc.ModelFormats.Tests.Tokenizers;

public sealed class StreamingDecoderTests
{
    public static TheoryData<string> Names => GoldenTokenizer.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void Append_GoldenIds_AddsUpToTheReferencesText(string name)
    {
        var (tokenizer, texts) = GoldenTokenizer.Load(name);

        Assert.All(texts, golden =>
        {
            var ids = golden.Tokens is null ? golden.Ids : golden.IdsWithSpecial;
            Assert.Equal(golden.Decoded, string.Concat(Stream(tokenizer, ids, skipSpecialTokens: false)));
            Assert.Equal(golden.DecodedSkipping, string.Concat(Stream(tokenizer, ids, skipSpecialTokens: true)));
        });
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Append_GoldenIds_NeverGivesHalfACharacter(string name)
    {
        var (tokenizer, texts) = GoldenTokenizer.Load(name);

        Assert.All(texts, golden =>
        {
            foreach (var piece in Stream(tokenizer, golden.Ids, skipSpecialTokens: false))
            {
                Assert.Equal(piece, Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(piece)));
                Assert.True(!piece.Contains('\uFFFD') || golden.Decoded.Contains('\uFFFD'));
            }
        });
    }

    [Fact]
    public void Append_ByteLevel_GivesEachCharacterWithItsLastByte()
    {
        var tokenizer = GoldenTokenizer.Load("gpt2_style_320").Tokenizer;
        var decoder = tokenizer.StartDecoding(skipSpecialTokens: true);

        var pieces = tokenizer.Encode("a🙂b", addSpecialTokens: false).Select(decoder.Append);

        Assert.Equal(["a", "", "", "", "🙂", "b"], pieces);
        Assert.Equal("", decoder.Flush());
    }

    [Fact]
    public void Flush_ByteLevelInsideACharacter_GivesOneReplacementCharacter()
    {
        var tokenizer = GoldenTokenizer.Load("gpt2_style_320").Tokenizer;
        var decoder = tokenizer.StartDecoding(skipSpecialTokens: true);

        foreach (var id in tokenizer.Encode("🙂", addSpecialTokens: false)[..^1])
            Assert.Equal("", decoder.Append(id));

        Assert.Equal("\uFFFD", decoder.Flush());
    }

    [Fact]
    public void Append_ByteFallback_GivesARunOfBytesWithTheNextToken()
    {
        var tokenizer = GoldenTokenizer.Load("llama2_legacy_style").Tokenizer;
        var decoder = tokenizer.StartDecoding(skipSpecialTokens: true);

        var pieces = tokenizer.Encode("a🙂b", addSpecialTokens: false).Select(decoder.Append).Where(piece => piece.Length > 0);

        Assert.Equal(["a", "🙂", "b"], pieces.SelectMany(piece => piece.EnumerateRunes()).Select(rune => rune.ToString()));
    }

    [Fact]
    public void Append_UnknownAndSpecialIds_AreLeftOut()
    {
        var tokenizer = GoldenTokenizer.Load("gpt2_style_320").Tokenizer;
        var decoder = tokenizer.StartDecoding(skipSpecialTokens: true);

        Assert.Equal("", decoder.Append(tokenizer.EndOfSequence!.Value));
        Assert.Equal("", decoder.Append(tokenizer.VocabularySize));
        Assert.Equal("", decoder.Append(-1));
    }

    private static List<string> Stream(HfTokenizer tokenizer, int[] ids, bool skipSpecialTokens)
    {
        var decoder = tokenizer.StartDecoding(skipSpecialTokens);
        return [.. ids.Select(decoder.Append), decoder.Flush()];
    }
}
