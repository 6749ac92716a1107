using SoftPromptGrpc.Server.Storage;

namespace SoftPromptGrpc.Server;

// 1000 to 1499: training jobs.
internal static partial class Log
{
    [LoggerMessage(1000, LogLevel.Information, "Job {JobId} is accepted: model {ModelId}, priority {Priority}.")]
    public static partial void JobAccepted(this ILogger logger, string jobId, string modelId, int priority);

    [LoggerMessage(1001, LogLevel.Information, "Job {JobId} starts on model {ModelId}: {TotalSteps} steps from step {FromStep}, attempt {Attempt}.")]
    public static partial void JobStarted(this ILogger logger, string jobId, string modelId, int totalSteps, int fromStep, int attempt);

    [LoggerMessage(1002, LogLevel.Information, "Job {JobId} succeeded after {Steps} steps in {Seconds:F1} s.")]
    public static partial void JobSucceeded(this ILogger logger, string jobId, int steps, double seconds);

    [LoggerMessage(1003, LogLevel.Information, "Job {JobId} was cancelled.")]
    public static partial void JobCancelled(this ILogger logger, string jobId);

    [LoggerMessage(1004, LogLevel.Warning, "Job {JobId} failed with code {Code}.")]
    public static partial void JobFailed(this ILogger logger, string jobId, int code);

    [LoggerMessage(1005, LogLevel.Error, "Job {JobId} failed by a defect.")]
    public static partial void JobBroke(this ILogger logger, Exception exception, string jobId);

    [LoggerMessage(1006, LogLevel.Information, "Job {JobId} goes back to the queue: the server stops.")]
    public static partial void JobInterrupted(this ILogger logger, string jobId);

    [LoggerMessage(1007, LogLevel.Warning, "Job {JobId} was running when the server stopped for the {Crashes}. time; it is {State} now.")]
    public static partial void JobRecovered(this ILogger logger, string jobId, JobState state, int crashes);

    [LoggerMessage(1010, LogLevel.Error, "The store could not be used; training pauses.")]
    public static partial void StoreBroke(this ILogger logger, Exception exception);
}
