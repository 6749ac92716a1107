using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Google.Protobuf;
using Microsoft.Extensions.Options;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Server.Jobs.Planning;
using SoftPromptGrpc.Server.Storage;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Jobs;

/// <summary>What can be done with training jobs: submit, watch, look at, cancel.</summary>
internal sealed class TrainingJobs(
    TrainingPlanner planner, JobContinuation continuation, JobStore jobs, JobReader reader, RunningJobs running, IHostApplicationLifetime lifetime,
    IOptions<JobOptions> options, TimeProvider time, ILogger<TrainingJobs> logger)
{
    private const int MostRequestIdCharacters = 128;

    /// <summary>Stores the job and only then begins to tell of it. The job goes on when the caller leaves.</summary>
    /// <param name="cancelWithCaller">The job ends when the caller leaves; a stop of the server only interrupts it.</param>
    public async IAsyncEnumerable<Wire.TrainingEvent> TrainAsync(
        Wire.TrainingSpec? spec, string requestId, bool cancelWithCaller, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var happened in FollowAsync(await SubmitAsync(spec, requestId, cancellationToken), cancelWithCaller, cancellationToken))
            yield return happened;
    }

    /// <summary>As <see cref="TrainAsync"/>, with a job that goes on where an ended one stopped.</summary>
    public async IAsyncEnumerable<Wire.TrainingEvent> ResumeAsync(
        Wire.ResumeTrainingJobRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var job = await SubmitAsync(request, cancellationToken);
        await foreach (var happened in FollowAsync(job, request.CancelOnDisconnect, cancellationToken))
            yield return happened;
    }

    private async IAsyncEnumerable<Wire.TrainingEvent> FollowAsync(
        StoredJob job, bool cancelWithCaller, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var ended = false;
        try
        {
            await foreach (var happened in reader.WatchAsync(job, 0, cancellationToken))
            {
                ended = happened.IsLast();
                yield return happened;
            }
        }
        finally
        {
            if (cancelWithCaller && !ended && !lifetime.ApplicationStopping.IsCancellationRequested)
                await CancelAsync(job, CancellationToken.None);
        }
    }

    public async Task<StoredJob> SubmitAsync(Wire.TrainingSpec? spec, string requestId, CancellationToken cancellationToken)
    {
        if (spec is null)
            throw new SoftPromptException([new FieldViolation("spec", "must be given")]);
        return await SubmitAsync(
            spec,
            requestId,
            async () => new NewJob(New(await planner.PlanAsync(spec, cancellationToken), requestId), spec, spec),
            cancellationToken);
    }

    public async Task<StoredJob> SubmitAsync(Wire.ResumeTrainingJobRequest request, CancellationToken cancellationToken)
    {
        // What decides the outcome: how the caller hangs up does not.
        var compared = new Wire.ResumeTrainingJobRequest(request) { CancelOnDisconnect = false };
        return await SubmitAsync(
            compared,
            request.RequestId,
            async () =>
            {
                var (planned, spec, from) = await continuation.PlanAsync(request, cancellationToken);
                var job = New(planned, request.RequestId);
                job.Resume = compared.ToByteArray();
                return new NewJob(job, compared, spec, from);
            },
            cancellationToken);
    }

    private async Task<StoredJob> SubmitAsync(
        IMessage request, string requestId, Func<Task<NewJob>> plan, CancellationToken cancellationToken)
    {
        if (requestId.Length > MostRequestIdCharacters)
            throw new SoftPromptException([new FieldViolation("request_id", $"must have at most {MostRequestIdCharacters} characters")]);
        if (requestId.Length > 0 && await jobs.FindRequestAsync(requestId, request, cancellationToken) is { } existing)
            return existing;
        var job = await jobs.AddAsync(await plan(), options.Value.MaxQueued, cancellationToken);
        logger.JobAccepted(job.Id, job.ModelId, job.Priority);
        return job;
    }

    public async IAsyncEnumerable<Wire.TrainingEvent> WatchAsync(
        string id, long afterSequence, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (afterSequence < 0)
            throw new SoftPromptException([new FieldViolation("after_sequence", "must be 0 or more")]);
        var job = await reader.FindAsync(id, cancellationToken);
        await foreach (var happened in reader.WatchAsync(job, afterSequence, cancellationToken))
            yield return happened;
    }

    public Task<Wire.TrainingJob> GetAsync(string id, CancellationToken cancellationToken) => reader.GetAsync(id, cancellationToken);

    public Task<JobPage> ListAsync(JobQuery query, CancellationToken cancellationToken) => reader.ListAsync(query, cancellationToken);

    public async Task<Wire.TrainingJob> CancelAsync(string id, CancellationToken cancellationToken)
    {
        await CancelAsync(await reader.FindAsync(id, cancellationToken), cancellationToken);
        return await reader.GetAsync(id, cancellationToken);
    }

    private async Task CancelAsync(StoredJob job, CancellationToken cancellationToken)
    {
        await jobs.RequestCancelAsync(job.Number, cancellationToken);
        running.Cancel(job.Number);
    }

    private StoredJob New(PlannedTraining planned, string requestId) => new()
    {
        Id = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8)),
        RequestId = requestId.Length > 0 ? requestId : null,
        State = JobState.Queued,
        ModelId = planned.Spec.Model,
        PromptName = planned.Spec.Prompt,
        Priority = planned.Spec.Priority,
        Spec = planned.Spec.ToByteArray(),
        Report = planned.Report.ToByteArray(),
        CreateTime = time.GetUtcNow(),
    };
}
