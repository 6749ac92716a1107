using System.CommandLine;

namespace SoftPromptGrpc.Cli.Demo;

internal static class DemoCommand
{
    public static Command Create(CommandLine commandLine) => new Command("demo", "x").Runs(commandLine, (_, _) => Task.FromResult(0));
}
