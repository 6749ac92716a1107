namespace SoftPromptGrpc.Server;

/// <summary>Every message this project logs. Event ids 1000 to 1999, an id is never reused; 1500 and up: the host and inference.</summary>
internal static partial class Log
{
    [LoggerMessage(1500, LogLevel.Information, "Listening on {Address}.")]
    public static partial void Listening(this ILogger logger, string address);

    [LoggerMessage(1501, LogLevel.Information, "The renewed certificate is in use.")]
    public static partial void CertificateRenewed(this ILogger logger);

    [LoggerMessage(1502, LogLevel.Warning, "The certificate has changed and cannot be used, so the former one stays. {Reason}")]
    public static partial void CertificateUnusable(this ILogger logger, string reason);

    [LoggerMessage(1503, LogLevel.Warning, "The server stops although calls are still under way: the grace period is over.")]
    public static partial void CallsCutOff(this ILogger logger);

    [LoggerMessage(1504, LogLevel.Warning, "Keys and tokens come in unencrypted: listen on https://, or behind something that does.")]
    public static partial void CredentialsUnencrypted(this ILogger logger);

    [LoggerMessage(1510, LogLevel.Error, "{Method} failed.")]
    public static partial void CallFailed(this ILogger logger, Exception exception, string method);

    [LoggerMessage(1520, LogLevel.Information, "Loading model {ModelId}.")]
    public static partial void ModelLoading(this ILogger logger, string modelId);

    [LoggerMessage(1521, LogLevel.Information,
        "Model {ModelId} is ready: {Architecture}, {ParameterCount} parameters, fingerprint {Fingerprint}, in {Seconds:F1} s.")]
    public static partial void ModelReady(
        this ILogger logger, string modelId, string architecture, long parameterCount, string fingerprint, double seconds);

    [LoggerMessage(1522, LogLevel.Error, "Model {ModelId} could not be loaded. {Reason}")]
    public static partial void ModelFailed(this ILogger logger, string modelId, string reason);

    [LoggerMessage(1523, LogLevel.Error, "Model {ModelId} could not be loaded.")]
    public static partial void ModelBroken(this ILogger logger, Exception exception, string modelId);

    [LoggerMessage(1530, LogLevel.Critical, "A session is broken; the next request opens a new one.")]
    public static partial void BatchBroken(this ILogger logger, Exception exception);

    [LoggerMessage(1531, LogLevel.Information, "Model {ModelId} is served by {Backend}, {MaxSequences} sequences at a time.")]
    public static partial void SessionOpened(this ILogger logger, string modelId, string backend, int maxSequences);
}
