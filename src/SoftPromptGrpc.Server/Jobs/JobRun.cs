using System.Data.Common;
using Google.Protobuf;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Core.Training.Methods;
using SoftPromptGrpc.Server.Jobs.Planning;
using SoftPromptGrpc.Server.Prompts;
using SoftPromptGrpc.Server.Storage;
using SoftPromptGrpc.Server.Telemetry;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Jobs;

/// <summary>Runs one job to its end, whatever that is.</summary>
internal sealed class JobRun(
    JobStore jobs, RunningJobs running, TrainingPlanner planner, BackendRegistry backends, TenantScope tenant,
    IOptions<JobOptions> options, JobTelemetry telemetry, TimeProvider time, ILogger<JobRun> logger)
{
    /// <param name="stopping">The server stops: the job goes back to the queue.</param>
    public async Task RunAsync(ClaimedJob claimed, CancellationToken stopping)
    {
        var job = claimed.Job;
        tenant.Enter(job.Tenant);
        using var run = running.Begin(job.Number);
        using var observed = telemetry.Begin(job);
        if (await jobs.IsCancelRequestedAsync(job.Number))
            run.Cancel();
        using var overtime = Overtime(claimed);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(run.Cancelled, overtime.Token, stopping);
        try
        {
            await SucceedAsync(job, await TrainAsync(claimed, observed, stop.Token));
            observed.End(JobState.Succeeded);
        }
        catch (OperationCanceledException) when (run.Cancelled.IsCancellationRequested)
        {
            await CancelAsync(job);
            observed.End(JobState.Cancelled);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            await jobs.RequeueAsync(job.Number, default);
            logger.JobInterrupted(job.Id);
        }
        catch (OperationCanceledException) when (overtime.IsCancellationRequested)
        {
            await FailAsync(job, observed, JobFailures.TookTooLong(claimed.MaxDuration!.Value));
        }
        catch (SoftPromptException exception)
        {
            await FailAsync(job, observed, JobFailures.Of(exception));
        }
        catch (Exception exception) when (exception is not (DbUpdateException or DbException))
        {
            logger.JobBroke(exception, job.Id);
            await FailAsync(job, observed, JobFailures.Internal());
        }
    }

    private async Task<Trained> TrainAsync(ClaimedJob claimed, JobRunTelemetry observed, CancellationToken stop)
    {
        var (job, spec) = (claimed.Job, claimed.Spec);
        var from = claimed.Checkpoint is { } checkpoint ? TrainingStateFormat.Read(checkpoint) : null;
        var planned = await planner.PlanAsync(spec, from?.Prompt, stop);
        var plan = planned.Plan with { CheckpointPeriod = options.Value.CheckpointPeriod };
        await jobs.AppendAsync(job.Number, [Started(plan, from, spec.Backend)], (_, stored) => Start(stored, plan, from), stop);
        logger.JobStarted(job.Id, job.ModelId, plan.Steps, from?.Step ?? 0, job.Attempts);
        var progress = new JobProgress(
            jobs, job, plan.Steps, from, options.Value.EventDelay, new EventThinning(options.Value.MaxEvents), time);
        using var broken = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var storing = StoreAsync(progress, broken);
        try
        {
            var prompt = await backends.Training(spec.Backend).TrainAsync(plan, from, observed.Watch(progress), broken.Token);
            return new Trained(planned, prompt, progress.TrainingTime);
        }
        finally
        {
            progress.Complete();
            await storing;
        }
    }

    /// <summary>Training goes on only as long as its events can be stored.</summary>
    private static async Task StoreAsync(JobProgress progress, CancellationTokenSource broken)
    {
        try
        {
            await progress.StoreAsync();
        }
        catch
        {
            await broken.CancelAsync();
            throw;
        }
    }

    /// <summary>The prompt, its version, the job's state and its last event: all of them or none.</summary>
    private async Task SucceedAsync(StoredJob job, Trained trained)
    {
        await jobs.EndAsync(
            job.Number,
            JobState.Succeeded,
            async (store, stored) =>
            {
                var result = trained.Prompt.ToMessage(trained.TrainingTime);
                var parent = await store.ParentOfAsync(stored, default);
                await store.AddPromptAsync(NewPrompt(job, trained, result, parent?.ToMessage(0)), time.GetUtcNow(), default);
                (stored.Step, stored.TrainingTime, stored.Result) = (trained.Prompt.StepsDone, trained.TrainingTime, result.ToByteArray());
                return new Wire.TrainingEvent { Result = result };
            },
            default);
        logger.JobSucceeded(job.Id, trained.Prompt.StepsDone, trained.TrainingTime.TotalSeconds);
    }

    private static NewPrompt NewPrompt(StoredJob job, Trained trained, Wire.TrainingResult result, Wire.TrainingJob? parent)
    {
        var spec = trained.Planned.Spec;
        return new NewPrompt(
            spec.Prompt, spec.Model, trained.Prompt.Prompt, new TextTemplate(spec.Template.Pattern), spec.Labels, reference =>
            {
                result.Prompt = reference.ToString();
                return Lineages.Trained(job.Id, spec, trained.Planned.Report.Sha256, result, parent);
            })
        {
            Method = trained.Planned.Plan.Method.Kind,
            // Of plain prompt tuning the prompt is all there is.
            Trained = trained.Planned.Plan.Method is PromptTuning ? null : trained.Prompt.Trained,
        };
    }

    private async Task CancelAsync(StoredJob job)
    {
        await jobs.EndAsync(
            job.Number, JobState.Cancelled,
            (_, stored) => Task.FromResult(new Wire.TrainingEvent { Cancelled = new() { Step = stored.Step } }), default);
        logger.JobCancelled(job.Id);
    }

    private async Task FailAsync(StoredJob job, JobRunTelemetry observed, Wire.TrainingFailure failure)
    {
        await jobs.EndAsync(
            job.Number,
            JobState.Failed,
            async (store, stored) =>
            {
                failure.Step = stored.Step;
                failure.CheckpointStep = await store.Checkpoints
                    .Where(c => c.JobNumber == stored.Number).Select(c => c.Step).SingleOrDefaultAsync();
                stored.Failure = failure.ToByteArray();
                return new Wire.TrainingEvent { Failure = failure };
            },
            default);
        observed.End(JobState.Failed);
        logger.JobFailed(job.Id, failure.Code);
    }

    /// <summary>Cancelled when the job has run for as long as it may, in all its attempts.</summary>
    private CancellationTokenSource Overtime(ClaimedJob claimed)
    {
        var left = claimed.MaxDuration - claimed.Job.TrainingTime;
        var longest = TimeSpan.FromMilliseconds(int.MaxValue); // What a timer can wait for: 24 days.
        return left is { } limit && limit < longest
            ? new CancellationTokenSource(limit > TimeSpan.Zero ? limit : TimeSpan.Zero, time)
            : new CancellationTokenSource();
    }

    private static Wire.TrainingEvent Started(TrainingPlan plan, TrainingState? from, string backend) =>
        new() { Started = new() { TotalSteps = plan.Steps, FromStep = from?.Step ?? 0, Backend = backend } };

    private static Task Start(StoredJob stored, TrainingPlan plan, TrainingState? from)
    {
        (stored.TotalSteps, stored.Step) = (plan.Steps, from?.Step ?? 0);
        return Task.CompletedTask;
    }

    private sealed record Trained(PlannedTraining Planned, TrainedPrompt Prompt, TimeSpan TrainingTime);
}
