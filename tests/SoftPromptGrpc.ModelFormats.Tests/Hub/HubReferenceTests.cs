using SoftPromptGrpc.Core;
using SoftPromptGrpc.ModelFormats.Hub;

namespace SoftPromptGrpc.ModelFormats.Tests.Hub;

public sealed class HubReferenceTests
{
    [Theory]
    [InlineData("hf://EleutherAI/pythia-70m", "EleutherAI/pythia-70m", "main")]
    [InlineData("hf://o/n@v1.0", "o/n", "v1.0")]
    [InlineData("hf://o_1/n.2@refs/pr/7", "o_1/n.2", "refs/pr/7")]
    [InlineData("hf://o/n@0123456789abcdef0123456789abcdef01234567", "o/n", "0123456789abcdef0123456789abcdef01234567")]
    public void Parse_WellFormed_HasItsParts(string text, string repository, string revision)
    {
        var reference = HubReference.Parse(text);

        Assert.Equal(repository, reference.Repository);
        Assert.Equal(revision, reference.Revision);
    }

    [Theory]
    [InlineData("hf://")]
    [InlineData("hf://gpt2")]
    [InlineData("hf://o/n/m")]
    [InlineData("hf://../n")]
    [InlineData("hf://o/..")]
    [InlineData("hf://o/a..b")]
    [InlineData("hf://o/a--b")]
    [InlineData("hf://-o/n")]
    [InlineData("hf://o/n.")]
    [InlineData("hf://o/n@")]
    [InlineData("hf://o/n@../../x")]
    [InlineData("hf://o/n@a/../b")]
    [InlineData("hf://o/n@/etc/passwd")]
    [InlineData("hf://o/n@a//b")]
    [InlineData("hf://o/n@a\\b")]
    [InlineData("hf://o/n@v1\n")]
    [InlineData("hf://o/n@a b")]
    [InlineData("hf://o/n%2f..")]
    [InlineData("hf://o/né")]
    [InlineData("hf://o/n?x=1")]
    [InlineData("https://huggingface.co/o/n")]
    public void Parse_AnythingElse_IsInvalid(string text)
    {
        var error = Assert.Throws<SoftPromptException>(() => HubReference.Parse(text));

        Assert.Equal(ErrorKind.Invalid, error.Kind);
    }

    [Fact]
    public void Parse_TooLong_IsInvalid()
    {
        Assert.Null(HubReference.TryParse($"hf://{new string('o', 97)}/n"));
        Assert.Null(HubReference.TryParse($"hf://o/{new string('n', 97)}"));
        Assert.Null(HubReference.TryParse($"hf://o/n@{new string('r', 201)}"));
    }
}
