using System.Security.Cryptography.X509Certificates;

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

    /// <summary>Sent with every call; null: none.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Gives the token that is sent with a call, where there is no <see cref="ApiKey"/>; null: none.</summary>
    public Func<CancellationToken, Task<string>>? Token { get; init; }

    /// <summary>Sends keys and tokens over http:// to other machines too, where everybody on the way can read them.</summary>
    public bool AllowUnencryptedCredentials { get; init; }

    /// <summary>Whose certificates a server may have; null: those that the machine trusts.</summary>
    public X509Certificate2Collection? Authorities { get; init; }

    /// <summary>With its private key; null: none.</summary>
    public X509Certificate2? ClientCertificate { get; init; }

    internal bool HasCredentials => ApiKey is not null || Token is not null;

    /// <summary>Names nothing: the options may hold secrets.</summary>
    public override string ToString() => nameof(SoftPromptClientOptions);

    /// <param name="failures">Failures in a row, from 1.</param>
    internal TimeSpan Backoff(int failures)
    {
        var doubled = InitialBackoff.TotalMilliseconds * Math.Pow(2, Math.Min(failures - 1, 30));
        return TimeSpan.FromMilliseconds(Math.Min(doubled, MaxBackoff.TotalMilliseconds));
    }
}
