using SoftPromptGrpc.Cli;
using SoftPromptGrpc.Client.Tests.Cli;
using SoftPromptGrpc.Client.Tests.Fakes;

namespace SoftPromptGrpc.Client.Tests;

public sealed class ReadmeTests : CliTest
{
    private const string Readme = "clients/csharp/README.md";

    [Theory]
    [InlineData(Readme)]
    [InlineData("README.md")]
    public void Sample_InTheReadme_IsTheOneCompiledHere(string readme)
    {
        var sample = Read(readme).Split("```csharp\n")[1].Split("```")[0];
        var compiled = Read("tests/SoftPromptGrpc.Client.Tests/ReadmeTests.cs").Split("// The sample begins.\n")[1].Split("// It ends.")[0];

        Assert.Equal(Normalize(sample.Replace("\"http://127.0.0.1:50051\"", "address", StringComparison.Ordinal)), Normalize(compiled));
    }

    [Fact]
    public async Task Sample_AgainstAServer_Runs()
    {
        Server.Training.Events = TrainingScript.Succeeds();

        await SampleAsync(Server.Address, Token);

        Assert.Equal(1, Server.Inference.InferCalls);
    }

    [Fact]
    public void ExitCodes_InTheReadme_AreThoseOfTheHelp()
    {
        var lines = ExitCode.Help.Split('\n').Skip(1).Select(line => line.Trim().Split("  ", 2, StringSplitOptions.TrimEntries));

        Assert.All(lines, line => Assert.Contains($"| {line[0]} | {line[1]} |", Read(Readme), StringComparison.Ordinal));
    }

    private static async Task SampleAsync(string address, CancellationToken cancellationToken)
    {
        // The sample begins.
        await using var client = new SoftPromptClient(address);

        (string Input, string Target)[] examples = [("The soup was cold.", " negative"), ("A lovely evening!", " positive")];
        await foreach (var trainingEvent in client.TrainAsync("sentiment", examples, cancellationToken))
        {
            if (trainingEvent.Step is { } step)
                Console.WriteLine($"step {step.Step} of {step.TotalSteps}: loss {step.Loss}");
            if (trainingEvent.Failure is { } failure)
                Console.WriteLine(failure.Message);
        }

        var generation = await client.InferAsync("sentiment", "We will come again.", cancellationToken);
        Console.WriteLine(generation.Text);
        // It ends.
    }

    private static string Normalize(string code) =>
        string.Join('\n', code.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0));

    private static string Read(string path)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "SoftPromptGrpc.sln")))
            folder = folder.Parent;
        return File.ReadAllText(Path.Combine(folder.FullName, path)).ReplaceLineEndings("\n");
    }
}
