using Microsoft.Extensions.Logging;

namespace SoftPromptGrpc.Backends.Torch;

/// <summary>Every message this project logs. Event ids 2000 to 2999; an id is never reused.</summary>
internal static partial class Log
{
    [LoggerMessage(2001, LogLevel.Information, "Training {VirtualTokens} virtual tokens on {ModelId} ({Device}), steps {First} to {Last}.")]
    public static partial void TrainingStarted(
        this ILogger logger, string modelId, int virtualTokens, string device, int first, int last);

    [LoggerMessage(2002, LogLevel.Information, "Training on {ModelId} ended after step {Step} with loss {Loss}.")]
    public static partial void TrainingEnded(this ILogger logger, string modelId, int step, double loss);
}
