using System.CommandLine;

namespace SoftPromptGrpc.Cli.Jobs;

internal static class JobGetCommand
{
    public static Command Create(CommandLine commandLine)
    {
        var id = new Argument<string>("JOB") { Description = "The job's id." };
        return new Command("get", "Shows one job.") { id }.Runs(commandLine, async (invocation, cancellationToken) =>
        {
            JobView.Write(invocation, await invocation.Client.GetJobAsync(invocation.Get(id), cancellationToken));
            return ExitCode.Ok;
        });
    }
}
