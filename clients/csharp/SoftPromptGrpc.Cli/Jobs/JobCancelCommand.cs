using System.CommandLine;

namespace SoftPromptGrpc.Cli.Jobs;

internal static class JobCancelCommand
{
    public static Command Create(CommandLine commandLine)
    {
        var id = new Argument<string>("JOB") { Description = "The job's id." };
        return new Command("cancel", "Cancels a job; it stops within a step. A finished job stays as it is.") { id }
            .Runs(commandLine, async (invocation, cancellationToken) =>
            {
                JobView.Write(invocation, await invocation.Client.CancelJobAsync(invocation.Get(id), cancellationToken));
                return ExitCode.Ok;
            });
    }
}
