using Microsoft.Extensions.Logging;

namespace SoftPromptGrpc.ModelFormats.Hub;

/// <summary>Every message this project logs. Event ids 4000 to 4999; an id is never reused.</summary>
internal static partial class Log
{
    [LoggerMessage(4001, LogLevel.Information, "Downloading {Repository}: {File}, {Done} of {Length} bytes ({Percent} %).")]
    public static partial void Downloading(this ILogger logger, string repository, string file, long done, long length, int percent);

    [LoggerMessage(4002, LogLevel.Warning, "The download of {Repository}: {File} broke off at {Done} of {Length} bytes; it goes on.")]
    public static partial void DownloadBroken(this ILogger logger, string repository, string file, long done, long length);

    [LoggerMessage(4003, LogLevel.Warning, "The hub cannot be reached; {Repository} comes from the cache, at commit {Commit}.")]
    public static partial void UsingCache(this ILogger logger, string repository, string commit);

    [LoggerMessage(4004, LogLevel.Information, "{Repository} at revision {Revision} is commit {Commit}.")]
    public static partial void Resolved(this ILogger logger, string repository, string revision, string commit);
}
