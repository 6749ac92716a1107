using System.Text.Json;
using SoftPromptGrpc.Server.Prompts;

namespace SoftPromptGrpc.Server.Tests.Prompts;

public sealed class ExtraFieldsTests
{
    [Fact]
    public void Read_WhatWasWritten_IsTheSameToTheCharacter()
    {
        var fields = new Dictionary<string, string>
        {
            ["encoder_dropout"] = "0.0",
            ["prompt_tuning_init_text"] = """ "<\u00e9> é\/" """.Trim(),
            ["from \"the\" future"] = """{"a": [1,  null]}""",
        };

        Assert.Equal(fields, ExtraFields.Read(ExtraFields.Write(fields)));
    }

    [Fact]
    public void Write_Nothing_IsEmpty()
    {
        Assert.Equal("", ExtraFields.Write(new Dictionary<string, string>()));
        Assert.Empty(ExtraFields.Read(""));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{")]
    public void Read_NoObject_IsRefused(string json) => Assert.ThrowsAny<JsonException>(() => ExtraFields.Read(json));
}
