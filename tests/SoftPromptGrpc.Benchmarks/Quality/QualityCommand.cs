using System.CommandLine;
using SoftPromptGrpc.Cli.Demo;

namespace SoftPromptGrpc.Benchmarks.Quality;

/// <summary>What a precision costs in quality.</summary>
internal static class QualityCommand
{
    public static Command Create()
    {
        var directory = new Option<DirectoryInfo>("--model-directory")
        {
            Description = "A checkpoint with a tokenizer and a task.",
            DefaultValueFactory = _ => DemoFiles.FindModel(DemoFiles.Program, DemoCommand.BundledModel),
        };
        var command = new Command("quality", "Perplexity and labels on a task's test examples, behind its text prompt, in each precision.") { directory };
        command.SetAction((arguments, cancellationToken) => QualityRun.RunAsync(arguments.GetRequiredValue(directory), cancellationToken));
        return command;
    }
}
