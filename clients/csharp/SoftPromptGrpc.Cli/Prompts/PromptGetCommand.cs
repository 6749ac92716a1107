using System.CommandLine;

namespace SoftPromptGrpc.Cli.Prompts;

internal static class PromptGetCommand
{
    public static Command Create(CommandLine commandLine)
    {
        var reference = new Argument<string>("PROMPT") { Description = """Such as "sentiment", "sentiment@3" or "sentiment@prod".""" };
        return new Command("get", "Shows one prompt.") { reference }.Runs(commandLine, async (invocation, cancellationToken) =>
        {
            PromptView.Write(invocation, await invocation.Client.GetPromptAsync(invocation.Get(reference), cancellationToken));
            return ExitCode.Ok;
        });
    }
}
