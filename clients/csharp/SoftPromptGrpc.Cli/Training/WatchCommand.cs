using System.CommandLine;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Training;

internal static class WatchCommand
{
    public static Command Create(CommandLine commandLine)
    {
        var job = new Argument<string>("JOB") { Description = "The job's id." };
        var after = new Option<long>("--after") { Description = "Only events with a larger sequence number.", HelpName = "N" };
        var cancel = new Option<bool>("--cancel-on-interrupt") { Description = "Ctrl+C cancels the job." };
        return new Command("watch", "Follows a training job to its end.") { job, after, cancel }
            .Runs(commandLine, async (invocation, cancellationToken) =>
            {
                var follower = new TrainingFollower(invocation) { CancelsOnInterrupt = invocation.Get(cancel) };
                var events = invocation.Client.WatchAsync(invocation.Get(job), invocation.Get(after), cancellationToken);
                var exitCode = await follower.FollowAsync(events, cancellationToken);
                return follower.Progress.Sequence > 0
                    ? exitCode
                    : ToExitCode(await invocation.Client.GetJobAsync(invocation.Get(job), cancellationToken));
            });
    }

    /// <summary>Of a job that had no event left to show.</summary>
    private static int ToExitCode(TrainingJob job) =>
        job.State is TrainingJobState.Failed or TrainingJobState.Cancelled ? ExitCode.Failed : ExitCode.Ok;
}
