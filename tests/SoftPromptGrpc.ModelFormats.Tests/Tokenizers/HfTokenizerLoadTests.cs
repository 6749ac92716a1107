using SoftPromptGrpc.ModelFormats.Tokenizers;

namespace SoftPromptGrpc.ModelFormats.Tests.Tokenizers;

public sealed class HfTokenizerLoadTests : IDisposable
{
    private const string Minimal = """
        {"model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]},
         "added_tokens":[{"id":3,"content":"<s>","special":true},{"id":5,"content":"<e>","special":true}]}
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

        Assert.Equal([3, 2, 0, 5], tokenizer.Encode("<s>aba<e>", addSpecialTokens: true));
        Assert.Null(tokenizer.BeginningOfSequence);
        Assert.Null(tokenizer.EndOfSequence);
    }

    [Theory]
    [InlineData("""{"bos_token":"<s>","eos_token":"<e>"}""", 3, 5)]
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
        var tokenizer = HfTokenizer.Parse(System.Text.Encoding.UTF8.GetBytes(Minimal));

        Assert.Equal(6, tokenizer.VocabularySize);
        Assert.Equal("ab", tokenizer.TokenOf(2));
        Assert.Null(tokenizer.TokenOf(4));
        Assert.Equal("<e>", tokenizer.TokenOf(5));
        Assert.False(tokenizer.IsSpecial(2));
        Assert.True(tokenizer.IsSpecial(5));
    }
}
