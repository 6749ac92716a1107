using System.CommandLine;
using SoftPromptGrpc.Cli.Output;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Jobs;

internal static class JobListCommand
{
    public static Command Create(CommandLine commandLine)
    {
        var state = new Option<TrainingJobState?>("--state") { Description = "Only jobs in this state." }.Words();
        var model = new Option<string>("--model") { Description = "Only jobs of this model." };
        var prompt = new Option<string>("--prompt") { Description = "Only jobs that train this prompt." };
        var limit = new Option<int>("--limit") { Description = "At most this many.", DefaultValueFactory = _ => 100 };
        return new Command("list", "Lists jobs, the newest first.") { state, model, prompt, limit }
            .Runs(commandLine, async (invocation, cancellationToken) =>
            {
                var request = new ListTrainingJobsRequest
                {
                    Model = invocation.Get(model) ?? "",
                    Prompt = invocation.Get(prompt) ?? "",
                };
                if (invocation.Get(state) is { } wanted)
                    request.States.Add(wanted);
                var jobs = invocation.Client.ListJobsAsync(request, cancellationToken);
                Write(invocation, await jobs.Take(invocation.Get(limit)).ToListAsync(cancellationToken));
                return ExitCode.Ok;
            });
    }

    private static void Write(Invocation invocation, List<TrainingJob> jobs) => invocation.WriteAll(
        jobs,
        ["JOB", "STATE", "PROMPT", "MODEL", "STEP", "CREATED (UTC)"],
        job => [job.Id, Names.Of(job.State), job.Spec.Prompt, job.Spec.Model, Step(job), Figures.Time(job.CreateTime)]);

    private static string Step(TrainingJob job) => job.TotalSteps > 0 ? $"{job.Step}/{job.TotalSteps}" : "";
}
