using System.CommandLine;
using SoftPromptGrpc.Cli.Output;

namespace SoftPromptGrpc.Cli.Prompts;

internal static class PromptSimilarCommand
{
    public static Command Create(CommandLine commandLine)
    {
        var reference = new Argument<string>("PROMPT") { Description = """Such as "sentiment" or "sentiment@3".""" };
        var count = new Option<int>("--limit") { Description = "At most this many, 1 to 100.", DefaultValueFactory = _ => 10 };
        return new Command("similar", "Finds prompts that a training like this one's may begin with.") { reference, count }
            .Runs(commandLine, async (invocation, cancellationToken) =>
            {
                var found = await invocation.Client.FindSimilarPromptsAsync(
                    invocation.Get(reference), invocation.Get(count), cancellationToken);
                invocation.WriteAll([.. found], ["PROMPT", "COSINE"], prompt => [prompt.Prompt, Figures.Loss(prompt.Cosine)]);
                return ExitCode.Ok;
            });
    }
}
