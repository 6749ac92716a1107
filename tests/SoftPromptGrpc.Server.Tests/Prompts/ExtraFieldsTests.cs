using SoftPromptGrpc.Server.Prompts;

namespace SoftPromptGrpc.Server.Tests.Prompts;

public sealed class ExtraFieldsTests
{
    [Fact]
    public void Restore_FieldsOfAnImport_AreItsOwnAndNoOthers()
    {
        var kept = ExtraFields.Write(new Dictionary<string, string>
        {
            ["encoder_hidden_size"] = "24",
            ["from_the_future"] = """{"a": [1, null]}""",
        });

        var restored = ExtraFields.Restore(
            new Dictionary<string, string> { ["encoder_hidden_size"] = "null", ["prefix_projection"] = "false" }, kept);

        Assert.Contains("from_the_future", kept, StringComparison.Ordinal);
        Assert.Equal(("24", "false", 2), (restored["encoder_hidden_size"], restored["prefix_projection"], restored.Count));
    }

    [Fact]
    public void Write_Nothing_IsEmpty()
    {
        Assert.Equal("", ExtraFields.Write([]));
        Assert.Empty(ExtraFields.Restore(new Dictionary<string, string>(), ""));
    }
}
