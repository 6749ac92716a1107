using Grpc.Core;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Server.Jobs;

namespace SoftPromptGrpc.Server.Grpc;

internal sealed class TrainingService(TrainingJobs jobs) : Contracts.V1.TrainingService.TrainingServiceBase
{
    public override async Task TrainPrompt(
        TrainPromptRequest request, IServerStreamWriter<TrainPromptResponse> responseStream, ServerCallContext context)
    {
        var events = jobs.TrainAsync(request.Spec, request.RequestId, request.CancelOnDisconnect, context.CancellationToken);
        await foreach (var happened in events)
            await responseStream.WriteAsync(new() { Event = happened }, context.CancellationToken);
    }

    public override async Task ResumeTrainingJob(
        ResumeTrainingJobRequest request, IServerStreamWriter<ResumeTrainingJobResponse> responseStream, ServerCallContext context)
    {
        await foreach (var happened in jobs.ResumeAsync(request, context.CancellationToken))
            await responseStream.WriteAsync(new() { Event = happened }, context.CancellationToken);
    }

    public override async Task WatchTrainingJob(
        WatchTrainingJobRequest request, IServerStreamWriter<WatchTrainingJobResponse> responseStream, ServerCallContext context)
    {
        await foreach (var happened in jobs.WatchAsync(request.Job, request.AfterSequence, context.CancellationToken))
            await responseStream.WriteAsync(new() { Event = happened }, context.CancellationToken);
    }

    public override async Task<GetTrainingJobResponse> GetTrainingJob(GetTrainingJobRequest request, ServerCallContext context) =>
        new() { Job = await jobs.GetAsync(request.Job, context.CancellationToken) };

    public override async Task<ListTrainingJobsResponse> ListTrainingJobs(ListTrainingJobsRequest request, ServerCallContext context)
    {
        var page = await jobs.ListAsync(request.ToQuery(), context.CancellationToken);
        return new() { Jobs = { page.Jobs }, NextPageToken = page.NextPageToken };
    }

    public override async Task<CancelTrainingJobResponse> CancelTrainingJob(CancelTrainingJobRequest request, ServerCallContext context) =>
        new() { Job = await jobs.CancelAsync(request.Job, context.CancellationToken) };
}
