using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Client;

public sealed partial class SoftPromptClient
{
    /// <inheritdoc cref="TrainAsync(TrainPromptRequest, CancellationToken)"/>
    /// <param name="prompt">Name of the prompt to make.</param>
    public IAsyncEnumerable<TrainingEvent> TrainAsync(
        string prompt, IEnumerable<(string Input, string Target)> examples, CancellationToken cancellationToken)
    {
        var spec = new TrainingSpec { Prompt = prompt, Examples = new InlineExamples() };
        spec.Examples.Examples.AddRange(examples.Select(example =>
            new Example { Input = Contents.Text(example.Input), Target = Contents.Text(example.Target) }));
        return TrainAsync(spec, cancellationToken);
    }

    /// <inheritdoc cref="TrainAsync(TrainPromptRequest, CancellationToken)"/>
    public IAsyncEnumerable<TrainingEvent> TrainAsync(TrainingSpec spec, CancellationToken cancellationToken) =>
        TrainAsync(new TrainPromptRequest { Spec = spec }, cancellationToken);

    /// <summary>
    /// Submits a job and yields its events up to its last. A dropped stream is attached again where it broke off, and a request without an
    /// id gets one, so that a repeated submission never trains twice. Cancelling only detaches, unless the request says otherwise. A job
    /// that fails ends with a failure event, not with an exception.
    /// </summary>
    public IAsyncEnumerable<TrainingEvent> TrainAsync(TrainPromptRequest request, CancellationToken cancellationToken)
    {
        var submission = request.Clone();
        if (submission.RequestId.Length == 0)
            submission.RequestId = Guid.NewGuid().ToString();
        return new TrainingStream(_training, _options, GetJobAsync).SubmitAsync(submission, cancellationToken);
    }

    /// <summary>
    /// Continues an ended job as a new one, and a new version of its prompt; otherwise as <see cref="TrainAsync(TrainPromptRequest, CancellationToken)"/>.
    /// </summary>
    public IAsyncEnumerable<TrainingEvent> ResumeAsync(ResumeTrainingJobRequest request, CancellationToken cancellationToken)
    {
        var submission = request.Clone();
        if (submission.RequestId.Length == 0)
            submission.RequestId = Guid.NewGuid().ToString();
        return new TrainingStream(_training, _options, GetJobAsync).SubmitAsync(submission, cancellationToken);
    }

    /// <summary>Yields a job's events up to its last, attaching again when the stream drops.</summary>
    /// <param name="afterSequence">Only events with a larger sequence number; 0: all.</param>
    public IAsyncEnumerable<TrainingEvent> WatchAsync(string job, long afterSequence, CancellationToken cancellationToken) =>
        new TrainingStream(_training, _options, GetJobAsync).WatchAsync(job, afterSequence, cancellationToken);

    public async Task<TrainingJob> GetJobAsync(string job, CancellationToken cancellationToken) =>
        (await CallAsync(_training.GetTrainingJobAsync, new GetTrainingJobRequest { Job = job }, cancellationToken)).Job;

    public IAsyncEnumerable<TrainingJob> ListJobsAsync(CancellationToken cancellationToken) =>
        ListJobsAsync(new ListTrainingJobsRequest(), cancellationToken);

    /// <summary>The newest first, over all pages from the request's page token on.</summary>
    public IAsyncEnumerable<TrainingJob> ListJobsAsync(ListTrainingJobsRequest request, CancellationToken cancellationToken) =>
        Pages.ReadAsync(
            token => new ListTrainingJobsRequest(request) { PageToken = token ?? request.PageToken },
            (page, ct) => CallAsync(_training.ListTrainingJobsAsync, page, ct),
            response => (response.Jobs, response.NextPageToken),
            cancellationToken);

    /// <summary>The job as it stands: a running one may still be finishing its step.</summary>
    public async Task<TrainingJob> CancelJobAsync(string job, CancellationToken cancellationToken) =>
        (await CallAsync(_training.CancelTrainingJobAsync, new CancelTrainingJobRequest { Job = job }, cancellationToken)).Job;
}
