using System.Text.Json;
using SoftPromptGrpc.Fixtures;

namespace SoftPromptGrpc.EndToEnd.Tests.Models;

/// <summary>What the README says of families and methods is what the tests prove, word for word.</summary>
public sealed class SupportTableTests
{
    /// <summary>The models on which PEFT's adapters, and whole trainings of them, are compared number by number.</summary>
    private static readonly string[] ComparedWithPeft = ["gpt2", "llama", "t5_v1_0"];

    /// <summary>There are no reference figures for these: only their own tests.</summary>
    private static readonly string[] NotCompared = ["multitask prompt tuning", "cartridge"];

    [Fact]
    public void Table_InTheReadme_IsWhatTheTestsProve()
    {
        var expected = Table();

        var readme = File.ReadAllText(Path.Combine(Goldens.Repository, "README.md")).ReplaceLineEndings("\n");

        Assert.True(readme.Contains(expected, StringComparison.Ordinal), $"The README should have this table:\n{expected}");
    }

    private static string Table()
    {
        var cases = EveryModelTests.Cases.Select(row => row.Data).ToHashSet();
        List<string> lines = [Row("family", TrainedMethods.Names), Row("---", TrainedMethods.Names.Select(_ => "---"))];
        foreach (var family in EveryModelTests.Models.GroupBy(FamilyOf).OrderBy(family => family.Key, StringComparer.Ordinal))
        {
            lines.Add(Row($"`{family.Key}`", TrainedMethods.Names.Select(method =>
                family.All(model => cases.Contains((model, method))) ? Cell(family, method) : "no")));
        }
        return string.Join('\n', lines);
    }

    private static string Row(string first, IEnumerable<string> others) => $"| {first} | {string.Join(" | ", others)} |";

    private static string Cell(IEnumerable<string> family, string method) =>
        family.Any(ComparedWithPeft.Contains) && !NotCompared.Contains(method) ? "both, = PEFT" : "both";

    private static string FamilyOf(string model)
    {
        using var config = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(CausalModels.DirectoryOf(model), "config.json")));
        return config.RootElement.GetProperty("model_type").GetString()!;
    }
}
