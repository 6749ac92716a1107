using Microsoft.ML.OnnxRuntime;

namespace SoftPromptGrpc.Backends.OnnxRuntime;

/// <summary>The library's one environment in this process, which reports errors alone and sends nothing home.</summary>
internal static class OnnxEnvironment
{
    private static readonly Lock Lock = new();

    public static OrtEnv Open()
    {
        lock (Lock)
        {
            if (OrtEnv.IsCreated)
                return OrtEnv.Instance();
            var options = new EnvironmentCreationOptions { logId = "SoftPromptGrpc", logLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
            var environment = OrtEnv.CreateInstanceWithOptions(ref options);
            environment.DisableTelemetryEvents();
            return environment;
        }
    }
}
