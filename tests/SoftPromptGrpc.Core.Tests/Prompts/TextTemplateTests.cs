using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Core.Tests.Prompts;

public sealed class TextTemplateTests
{
    [Theory]
    [InlineData("{input}", "x", "x")]
    [InlineData("Text: {input}\nLabel:", "good", "Text: good\nLabel:")]
    [InlineData("{input}!", "{input}", "{input}!")]
    [InlineData("a{input}b", "", "ab")]
    public void Apply_ValidPattern_PutsTheInputInPlace(string pattern, string input, string expected) =>
        Assert.Equal(expected, new TextTemplate(pattern).Apply(input));

    [Theory]
    [InlineData("{input}", true)]
    [InlineData("before {input} after", true)]
    [InlineData("", false)]
    [InlineData("{Input}", false)]
    [InlineData("{input} {input}", false)]
    public void IsValid_AnyPattern_AsksForExactlyOnePlaceholder(string pattern, bool expected) =>
        Assert.Equal(expected, TextTemplate.IsValid(pattern));

    [Fact]
    public void None_AnyInput_IsTheInput() => Assert.Equal("as it is", TextTemplate.None.Apply("as it is"));
}
