using System.CommandLine;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Prompts;

internal static class PromptDeleteCommand
{
    public static Command Create(CommandLine commandLine)
    {
        var reference = new Argument<string>("PROMPT")
        {
            Description = """One version, such as "sentiment@3", or all versions, such as "sentiment".""",
        };
        return new Command("delete", "Deletes a prompt.") { reference }.Runs(commandLine, async (invocation, cancellationToken) =>
        {
            var count = await invocation.Client.DeletePromptAsync(invocation.Get(reference), cancellationToken);
            if (invocation.Json)
                invocation.Terminal.WriteJson(new DeletePromptResponse { DeletedCount = count });
            else
                invocation.Terminal.WriteLine(count == 1 ? "Deleted 1 version." : $"Deleted {count} versions.");
            return ExitCode.Ok;
        });
    }
}
