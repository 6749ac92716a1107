using SoftPromptGrpc.Cli.Output;
using SoftPromptGrpc.Cli.Training;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Jobs;

internal static class JobView
{
    public static void Write(Invocation invocation, TrainingJob job)
    {
        if (invocation.Json)
        {
            invocation.Terminal.WriteJson(job);
            return;
        }

        invocation.Terminal.WriteFields(
            ("job", job.Id),
            ("state", Names.Of(job.State)),
            ("queue position", job.State == TrainingJobState.Queued ? $"{job.QueuePosition}" : ""),
            ("prompt", job.Result?.Prompt ?? job.Spec.Prompt),
            ("model", job.Spec.Model),
            ("step", job.TotalSteps > 0 ? $"{job.Step}/{job.TotalSteps}" : ""),
            ("result", job.Result is { } result ? TrainingWords.Describe(result.Metrics) : ""),
            ("failure", job.Failure?.Message ?? ""),
            ("created", Figures.Time(job.CreateTime)),
            ("started", Figures.Time(job.StartTime)),
            ("ended", Figures.Time(job.EndTime)),
            ("attempts", job.Attempts > 1 ? $"{job.Attempts}" : ""),
            ("continues", job.ParentJob),
            ("last event", $"{job.LastSequence}"));
    }
}
