using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using SoftPromptGrpc.ModelFormats.Tokenizers;

namespace SoftPromptGrpc.ModelFormats.Tests.Tokenizers;

public sealed class HfTokenizerLoadTests : IDisposable
{
    private const string Minimal = """
        {"model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]},
         "added_tokens":[{"id":3,"content":"<s>","special":true},{"id":4,"content":"<e>","special":true}]}
        """;

    private readonly string _directory = Directory.CreateTempSubdirectory("softprompt-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Load_NoTokenizerJson_IsNull() => Assert.Null(HfTokenizer.Load(_directory));

    [Fact]
    public void Load_NoTokenizerConfig_NamesNoSequenceTokens()
    {
        File.WriteAllText(Path.Combine(_directory, "tokenizer.json"), Minimal);

        var tokenizer = HfTokenizer.Load(_directory)!;

        Assert.Equal([3, 2, 0, 4], tokenizer.Encode("<s>aba<e>", addSpecialTokens: true));
        Assert.Null(tokenizer.BeginningOfSequence);
        Assert.Null(tokenizer.EndOfSequence);
    }

    [Theory]
    [InlineData("""{"bos_token":"<s>","eos_token":"<e>"}""", 3, 4)]
    [InlineData("""{"bos_token":{"content":"<s>","lstrip":false},"eos_token":null}""", 3, null)]
    [InlineData("""{"bos_token":"absent","eos_token":"ab"}""", null, 2)]
    public void Load_TokenizerConfig_NamesTheSequenceTokens(string config, int? bos, int? eos)
    {
        File.WriteAllText(Path.Combine(_directory, "tokenizer.json"), Minimal);
        File.WriteAllText(Path.Combine(_directory, "tokenizer_config.json"), config);

        var tokenizer = HfTokenizer.Load(_directory)!;

        Assert.Equal((bos, eos), (tokenizer.BeginningOfSequence, tokenizer.EndOfSequence));
    }

    [Fact]
    public void VocabularySize_IdsWithGaps_IsOneMoreThanTheLargest()
    {
        var tokenizer = HfTokenizer.Parse(Encoding.UTF8.GetBytes(Minimal.Replace("\"ab\":2", "\"ab\":7", StringComparison.Ordinal)));

        Assert.Equal(8, tokenizer.VocabularySize);
        Assert.Equal("ab", tokenizer.TokenOf(7));
        Assert.Null(tokenizer.TokenOf(6));
        Assert.False(tokenizer.IsSpecial(7));
    }

    // The figures are the reference library's.
    [Theory]
    [InlineData("""[{"id":3,"content":"<s>"},{"id":5,"content":"<e>"}]""", 3, 4)]
    [InlineData("""[{"id":9,"content":"<s>"},{"id":8,"content":"<s>"},{"id":7,"content":""},{"id":6,"content":"<e>"}]""", 3, 4)]
    [InlineData("""[{"id":9,"content":"b"},{"id":9,"content":"<e>"}]""", null, 3)]
    public void Parse_AddedTokenIdsThatDoNotFollowOn_AreNumberedAnew(string added, int? bos, int? eos)
    {
        var json = JsonNode.Parse(Minimal)!;
        json["added_tokens"] = JsonNode.Parse(added);

        var tokenizer = HfTokenizer.Parse(
            JsonSerializer.SerializeToUtf8Bytes(json), """{"bos_token":"<s>","eos_token":"<e>"}"""u8.ToArray());

        Assert.Equal((bos, eos), (tokenizer.BeginningOfSequence, tokenizer.EndOfSequence));
    }
}
