using Microsoft.Extensions.Logging;

namespace SoftPromptGrpc.Backends.OnnxRuntime;

/// <summary>Every message this project logs. Event ids 3000 to 3999; an id is never reused.</summary>
internal static partial class Log
{
    [LoggerMessage(3001, LogLevel.Information, "Exported {ModelId}: {Bytes} bytes in {Elapsed}.")]
    public static partial void Exported(this ILogger logger, string modelId, long bytes, TimeSpan elapsed);

    [LoggerMessage(3002, LogLevel.Warning, "The export of {ModelId} is damaged and will be written again.")]
    public static partial void ExportDamaged(this ILogger logger, string modelId);

    [LoggerMessage(3003, LogLevel.Information, "Opened {ModelId} in {Elapsed}: {Threads} threads, at most {MaxSequences} sequences.")]
    public static partial void Opened(this ILogger logger, string modelId, TimeSpan elapsed, int threads, int maxSequences);

    [LoggerMessage(3004, LogLevel.Debug, "The cache now has {Slots} slots of {Positions} positions: {Bytes} bytes.")]
    public static partial void CacheResized(this ILogger logger, int slots, int positions, long bytes);
}
