using System.CommandLine;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Prompts;

internal static class PromptUndeleteCommand
{
    public static Command Create(CommandLine commandLine)
    {
        var reference = new Argument<string>("PROMPT")
        {
            Description = """One version, such as "sentiment@3", or all deleted versions, such as "sentiment".""",
        };
        return new Command("undelete", "Brings a deleted prompt back.") { reference }.Runs(commandLine, async (invocation, cancellationToken) =>
        {
            var prompt = invocation.Get(reference);
            var undeleted = new List<Prompt>();
            foreach (var version in prompt.Contains('@') ? [prompt] : await DeletedAsync(invocation, prompt, cancellationToken))
                undeleted.Add(await invocation.Client.UndeletePromptAsync(version, cancellationToken));
            PromptListCommand.Write(invocation, undeleted);
            return undeleted.Count > 0 ? ExitCode.Ok : ExitCode.NotFound;
        });
    }

    private static async Task<List<string>> DeletedAsync(Invocation invocation, string name, CancellationToken cancellationToken)
    {
        var request = new ListPromptsRequest
        {
            Filter = $"name = \"{name.Replace("\\", "\\\\").Replace("\"", "\\\"")}\"",
            OrderBy = "version",
            AllVersions = true,
            ShowDeleted = true,
        };
        return await invocation.Client.ListPromptsAsync(request, cancellationToken)
            .Where(prompt => prompt.DeleteTime is not null)
            .Select(prompt => prompt.Reference)
            .ToListAsync(cancellationToken);
    }
}
