using System.Runtime.CompilerServices;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Client;

/// <summary>A job's events, without gap or repetition however often the connection drops in between.</summary>
internal sealed class TrainingStream(
    TrainingService.TrainingServiceClient training,
    SoftPromptClientOptions options,
    Func<string, CancellationToken, Task<TrainingJob>> getJob)
{
    public IAsyncEnumerable<TrainingEvent> SubmitAsync(TrainPromptRequest request, CancellationToken cancellationToken) => FollowAsync(
        () => training.TrainPrompt(request, cancellationToken: cancellationToken)
            .ReadAsync(cancellationToken).Select(response => response.Event),
        "", 0, cancellationToken);

    public IAsyncEnumerable<TrainingEvent> SubmitAsync(ResumeTrainingJobRequest request, CancellationToken cancellationToken) => FollowAsync(
        () => training.ResumeTrainingJob(request, cancellationToken: cancellationToken)
            .ReadAsync(cancellationToken).Select(response => response.Event),
        "", 0, cancellationToken);

    public IAsyncEnumerable<TrainingEvent> WatchAsync(string job, long afterSequence, CancellationToken cancellationToken) =>
        FollowAsync(null, job, afterSequence, cancellationToken);

    /// <param name="submit">Makes the job, or finds it when it was made before; null: it is known.</param>
    private async IAsyncEnumerable<TrainingEvent> FollowAsync(
        Func<IAsyncEnumerable<TrainingEvent>>? submit, string job, long sequence,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var failures = 0; ;)
        {
            SoftPromptRpcException? error;
            await using var events = Open(submit, job, sequence, cancellationToken).GetAsyncEnumerator(cancellationToken);
            while (true)
            {
                (var any, error) = await NextAsync(events);
                if (!any)
                    break;
                job = events.Current.Job;
                if (events.Current.Sequence <= sequence)
                    continue;
                (sequence, failures) = (events.Current.Sequence, 0);
                yield return events.Current;
                if (events.Current.IsLast())
                    yield break;
            }

            if (error is null && (job.Length == 0 || await IsReadAsync(job, sequence, cancellationToken)))
                yield break;
            var attempts = job.Length == 0 ? options.MaxAttempts - 1 : options.MaxReattachments;
            if (++failures > attempts)
                throw error ?? new SoftPromptRpcException(Grpc.Core.StatusCode.Unavailable, $"The events of job {job} broke off.");
            await Task.Delay(error?.RetryDelay ?? options.Backoff(failures), cancellationToken);
        }
    }

    private IAsyncEnumerable<TrainingEvent> Open(
        Func<IAsyncEnumerable<TrainingEvent>>? submit, string job, long sequence, CancellationToken cancellationToken) =>
        submit is not null && job.Length == 0
            ? submit()
            : training.WatchTrainingJob(
                    new WatchTrainingJobRequest { Job = job, AfterSequence = sequence }, cancellationToken: cancellationToken)
                .ReadAsync(cancellationToken).Select(response => response.Event);

    /// <summary>Whether there is a next event, and the error where another attempt may help.</summary>
    private static async Task<(bool Any, SoftPromptRpcException? Error)> NextAsync(IAsyncEnumerator<TrainingEvent> events)
    {
        try
        {
            return (await events.MoveNextAsync(), null);
        }
        catch (SoftPromptRpcException error) when (error.IsDropped || error.IsRefusedForNow)
        {
            return (false, error);
        }
    }

    /// <summary>Whether a stream that ended well without a last event had nothing left to send.</summary>
    private async Task<bool> IsReadAsync(string job, long sequence, CancellationToken cancellationToken)
    {
        var state = await getJob(job, cancellationToken);
        return state.IsOver() && state.LastSequence <= sequence;
    }
}
