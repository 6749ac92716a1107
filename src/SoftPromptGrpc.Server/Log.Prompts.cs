namespace SoftPromptGrpc.Server;

// 1600 to 1699: prompts.
internal static partial class Log
{
    [LoggerMessage(1600, LogLevel.Information, "Removed {Versions} versions of prompts that were deleted long ago.")]
    public static partial void PromptsPurged(this ILogger logger, int versions);

    [LoggerMessage(1601, LogLevel.Error, "Deleted prompts could not be removed; it is tried again.")]
    public static partial void PurgeFailed(this ILogger logger, Exception exception);
}
