using System.CommandLine;
using SoftPromptGrpc.Cli.Output;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Prompts;

internal static class PromptListCommand
{
    public static Command Create(CommandLine commandLine)
    {
        var filter = new Option<string>("--filter")
        {
            Description = """Such as 'model = "tiny" AND name = "sent*" AND labels.team = "support"'.""",
        };
        var order = new Option<string>("--order-by") { Description = """Such as "name" or "create_time desc".""" };
        var all = new Option<bool>("--all-versions") { Description = "Every version instead of the newest of each prompt." };
        var deleted = new Option<bool>("--show-deleted") { Description = "Deleted prompts, too." };
        var limit = new Option<int>("--limit") { Description = "At most this many.", DefaultValueFactory = _ => 1000 };
        return new Command("list", "Lists prompts.") { filter, order, all, deleted, limit }
            .Runs(commandLine, async (invocation, cancellationToken) =>
            {
                var request = new ListPromptsRequest
                {
                    Filter = invocation.Get(filter) ?? "",
                    OrderBy = invocation.Get(order) ?? "",
                    AllVersions = invocation.Get(all),
                    ShowDeleted = invocation.Get(deleted),
                };
                var prompts = invocation.Client.ListPromptsAsync(request, cancellationToken);
                Write(invocation, await prompts.Take(invocation.Get(limit)).ToListAsync(cancellationToken));
                return ExitCode.Ok;
            });
    }

    public static void Write(Invocation invocation, IReadOnlyCollection<Prompt> prompts) => invocation.WriteAll(
        prompts,
        ["PROMPT", "MODEL", "TOKENS", "METHOD", "RESULT", "CREATED (UTC)"],
        prompt =>
        [
            prompt.Reference,
            prompt.Model,
            Figures.Count(prompt.VirtualTokens),
            Names.Of(prompt.Method),
            Training.TrainingWords.Describe(prompt.Lineage?.Trained?.Result?.Metrics),
            Figures.Time(prompt.CreateTime),
        ]);
}
