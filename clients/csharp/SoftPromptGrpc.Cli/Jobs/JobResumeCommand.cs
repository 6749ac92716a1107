using System.CommandLine;
using SoftPromptGrpc.Cli.Training;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Jobs;

internal static class JobResumeCommand
{
    public static Command Create(CommandLine commandLine)
    {
        var id = new Argument<string>("JOB") { Description = "The id of a failed, cancelled or finished job." };
        var steps = new Option<int?>("--additional-steps") { Description = "Steps to add to those done. Default: what was left." };
        var rate = new Option<double?>("--learning-rate") { Description = "Peak. Default: the job's." };
        var follow = new FollowOptions();
        var command = new Command("resume", "Continues a job from its last checkpoint as a new job and version of its prompt.") { id, steps, rate };
        follow.AddTo(command);
        return command.Runs(commandLine, async (invocation, cancellationToken) =>
        {
            var request = new ResumeTrainingJobRequest { Job = invocation.Get(id), RequestId = follow.RequestId(invocation) };
            invocation.IfGiven(steps, value => request.AdditionalSteps = value);
            invocation.IfGiven(rate, value => request.LearningRate = value);
            return await follow.RunAsync(invocation, invocation.Client.ResumeAsync(request, cancellationToken), cancellationToken);
        });
    }
}
