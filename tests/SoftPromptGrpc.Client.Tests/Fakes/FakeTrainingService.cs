using Grpc.Core;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Client.Tests.Fakes;

/// <summary>One job whose events a test sets; streams break off where a test says so.</summary>
public sealed class FakeTrainingService : TrainingService.TrainingServiceBase
{
    public const string JobId = "job-1";

    public List<TrainPromptRequest> Submissions { get; } = [];

    public List<ResumeTrainingJobRequest> Resumptions { get; } = [];

    public List<long> WatchedAfter { get; } = [];

    public List<string> Cancelled { get; } = [];

    public IReadOnlyList<TrainingEvent> Events { get; set; } = [];

    /// <summary>Taken before each stream: how it fails, if it does; then it goes on behind the last sequence it sends.</summary>
    public Queue<StreamFault> Faults { get; } = new();

    public TrainingJob Job { get; set; } = new() { Id = JobId, State = TrainingJobState.Running, Spec = new TrainingSpec { Prompt = "p" } };

    public override Task TrainPrompt(
        TrainPromptRequest request, IServerStreamWriter<TrainPromptResponse> responseStream, ServerCallContext context)
    {
        Submissions.Add(request);
        return SendAsync(0, item => responseStream.WriteAsync(new TrainPromptResponse { Event = item }), context);
    }

    public override Task ResumeTrainingJob(
        ResumeTrainingJobRequest request, IServerStreamWriter<ResumeTrainingJobResponse> responseStream, ServerCallContext context)
    {
        Resumptions.Add(request);
        return SendAsync(0, item => responseStream.WriteAsync(new ResumeTrainingJobResponse { Event = item }), context);
    }

    public override Task WatchTrainingJob(
        WatchTrainingJobRequest request, IServerStreamWriter<WatchTrainingJobResponse> responseStream, ServerCallContext context)
    {
        if (request.Job != JobId)
            throw Failures.NotFound($"There is no job \"{request.Job}\".");
        WatchedAfter.Add(request.AfterSequence);
        return SendAsync(
            request.AfterSequence, item => responseStream.WriteAsync(new WatchTrainingJobResponse { Event = item }), context);
    }

    public override Task<GetTrainingJobResponse> GetTrainingJob(GetTrainingJobRequest request, ServerCallContext context) =>
        request.Job == JobId
            ? Task.FromResult(new GetTrainingJobResponse { Job = Job })
            : throw Failures.NotFound($"There is no job \"{request.Job}\".");

    public override Task<ListTrainingJobsResponse> ListTrainingJobs(ListTrainingJobsRequest request, ServerCallContext context) =>
        Task.FromResult(new ListTrainingJobsResponse { Jobs = { Job } });

    public override Task<CancelTrainingJobResponse> CancelTrainingJob(CancelTrainingJobRequest request, ServerCallContext context)
    {
        Cancelled.Add(request.Job);
        return Task.FromResult(new CancelTrainingJobResponse { Job = Job });
    }

    private async Task SendAsync(long after, Func<TrainingEvent, Task> send, ServerCallContext context)
    {
        var fault = Faults.TryDequeue(out var next) ? next : StreamFault.None;
        foreach (var item in Events.Where(item => item.Sequence > after - fault.Repeats))
        {
            if (item.Sequence > fault.AfterSequence)
                break;
            await send(item);
        }

        await fault.Break(context);
    }
}
