using SoftPromptGrpc.Server.Models;

namespace SoftPromptGrpc.Server.Tests.Models;

public sealed class ModelsOptionsValidatorTests
{
    [Fact]
    public void Validate_NoModels_Fails() => Assert.Contains("at least one model", Failures(new()), StringComparison.Ordinal);

    [Fact]
    public void Validate_SeveralFaults_NamesEachKeyButNoPath()
    {
        var failures = Failures(new()
        {
            Models =
            {
                new() { Id = "a", Path = Path.GetTempPath() },
                new() { Id = "a", Path = "/no/such/directory" },
                new() { Id = "no spaces", Path = "" },
            },
        });

        Assert.Contains("Models:1:Id: there already is a model 'a'.", failures, StringComparison.Ordinal);
        Assert.Contains("Models:1:Path: there is no such directory.", failures, StringComparison.Ordinal);
        Assert.Contains("Models:2:Id: must be", failures, StringComparison.Ordinal);
        Assert.Contains("Models:2:Path:", failures, StringComparison.Ordinal);
        Assert.DoesNotContain("/no/such", failures, StringComparison.Ordinal);
    }

    [Fact]
    public void Validate_DistinctModels_Succeeds() => Assert.Empty(Failures(new()
    {
        Models = { new() { Id = "a", Path = Path.GetTempPath() }, new() { Id = "org/b-1.0", Path = "hf://org/b-1.0@main" } },
    }));

    [Fact]
    public void Validate_MalformedHubPath_SaysTheForm() => Assert.Equal(
        "Models:0:Path: must be hf://owner/name or hf://owner/name@revision.",
        Failures(new() { Models = { new() { Id = "a", Path = "hf://../secret" } } }));

    private static string Failures(ModelsOptions options) =>
        string.Join("\n", new ModelsOptionsValidator().Validate(null, options).Failures ?? []);
}
