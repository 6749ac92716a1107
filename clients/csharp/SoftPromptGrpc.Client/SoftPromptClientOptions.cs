namespace SoftPromptGrpc.Client;

/// <summary>How a <see cref="SoftPromptClient"/> calls. The defaults suit a server on the same machine or network.</summary>
public sealed record SoftPromptClientOptions
{
    /// <summary>Longest time one unary call may take, its retries included; null: no limit. Streams have none.</summary>
    public TimeSpan? Deadline { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Attempts at a call, 1 to 5. Calls that change nothing are tried again when the server is unavailable; every unary call and every
    /// submission of a training job is tried again when the server refuses it and names a delay.
    /// </summary>
    public int MaxAttempts { get; init; } = 4;

    /// <summary>How often in a row a dropped training stream is attached again before its error is thrown.</summary>
    public int MaxReattachments { get; init; } = 10;

    /// <summary>Wait before the second attempt; each further one waits twice as long.</summary>
    public TimeSpan InitialBackoff { get; init; } = TimeSpan.FromMilliseconds(200);

    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest response that is accepted, in bytes.</summary>
    public int MaxReceiveMessageSize { get; init; } = 64 * 1024 * 1024;

    /// <param name="failures">Failures in a row, from 1.</param>
    internal TimeSpan Backoff(int failures)
    {
        var doubled = InitialBackoff.TotalMilliseconds * Math.Pow(2, Math.Min(failures - 1, 30));
        return TimeSpan.FromMilliseconds(Math.Min(doubled, MaxBackoff.TotalMilliseconds));
    }
}
