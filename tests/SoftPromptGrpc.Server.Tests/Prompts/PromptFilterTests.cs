using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Server.Prompts;

namespace SoftPromptGrpc.Server.Tests.Prompts;

public sealed class PromptFilterTests
{
    [Fact]
    public void Parse_EveryKindOfCondition_IsUnderstood()
    {
        var filter = Parse("""model = "a b" AND name="senti*" AND name = "x" AND labels.team = "a AND \"b\"\\" AND method = "prompt_tuning" """);

        Assert.Equal(
            [
                new PromptCondition.Model("a b"),
                new PromptCondition.NamePrefix("senti"),
                new PromptCondition.ExactName("x"),
                new PromptCondition.Label("team", "a AND \"b\"\\"),
                new PromptCondition.Method(PromptMethod.PromptTuning),
            ],
            filter.Conditions);
    }

    [Theory]
    [InlineData("p_tuning", PromptMethod.PTuning)]
    [InlineData("prefix_tuning", PromptMethod.PrefixTuning)]
    [InlineData("multitask_prompt_tuning", PromptMethod.MultitaskPromptTuning)]
    [InlineData("cartridge", PromptMethod.Cartridge)]
    public void Parse_Method_IsThatMethod(string name, PromptMethod method) =>
        Assert.Equal([new PromptCondition.Method(method)], Parse($"method = \"{name}\"").Conditions);

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    public void Parse_Nothing_MatchesAll(string text) => Assert.Empty(Parse(text).Conditions);

    [Theory]
    [InlineData("model", 1)]
    [InlineData("model = a", 1)]
    [InlineData("model = \"a", 1)]
    [InlineData("color = \"red\"", 1)]
    [InlineData("labels. = \"red\"", 1)]
    [InlineData("method = \"magic\"", 1)]
    [InlineData("model = \"a\" AND ", 1)]
    [InlineData("model = \"a\" OR name = \"b\"", 1)]
    [InlineData("color = \"red\" AND method = \"magic\" AND model", 3)]
    public void Parse_Malformed_ReportsEveryViolation(string text, int count)
    {
        var error = Assert.Throws<SoftPromptException>(() => Parse(text));

        Assert.Equal(count, error.Violations.Count);
        Assert.All(error.Violations, v => Assert.Equal("filter", v.Field));
    }

    private static PromptFilter Parse(string text)
    {
        var violations = new Violations();
        var filter = PromptFilter.Parse(text, violations);
        violations.ThrowIfAny();
        return filter;
    }
}
