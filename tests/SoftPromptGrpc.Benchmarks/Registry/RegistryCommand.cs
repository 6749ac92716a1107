using System.CommandLine;

namespace SoftPromptGrpc.Benchmarks.Registry;

/// <summary>Whether a store of very many prompts is as quick as one of a single prompt.</summary>
internal static class RegistryCommand
{
    public static Command Create()
    {
        var prompts = new Option<int>("--prompts") { DefaultValueFactory = _ => 100_000 };
        var repeats = new Option<int>("--repeats") { DefaultValueFactory = _ => 5 };
        var command = new Command("registry", "Lists, finds and starts with very many stored prompts: the bundled model.") { prompts, repeats };
        command.SetAction((arguments, cancellationToken) =>
            new RegistryRun(arguments.GetRequiredValue(prompts), arguments.GetRequiredValue(repeats)).RunAsync(cancellationToken));
        return command;
    }
}
