using SoftPromptGrpc.Fuzzing;

namespace SoftPromptGrpc.EndToEnd.Tests.Fuzzing;

/// <summary>A short and always equal run of what tests/SoftPromptGrpc.Fuzzing runs for as long as one likes.</summary>
public sealed class FuzzTargetTests
{
    private const int Seed = 20261124;

    /// <summary>A target, and executions that take about two seconds.</summary>
    public static TheoryData<string, int> Targets => new()
    {
        { "safetensors", 20_000 },
        { "adapter", 20_000 },
        { "npy", 50_000 },
        { "tokenizer", 2_000 },
        { "config", 20_000 },
        { "dataset", 20_000 },
        { "requests", 1_000 },
    };

    [Theory]
    [MemberData(nameof(Targets))]
    public void Read_MutatedInputs_AreAcceptedOrRefused(string target, int executions)
    {
        var run = FuzzRun.Of(FuzzTargets.Create(target), Seed, run => run.Executions < executions);

        Assert.Empty(run.Finds);
        Assert.InRange(run.Accepted, 1, run.Executions - 1);
    }

    [Fact]
    public void Targets_OfTheSuite_AreAll() => Assert.Equal(FuzzTargets.Names, Targets.Select(row => row.Data.Item1));
}
