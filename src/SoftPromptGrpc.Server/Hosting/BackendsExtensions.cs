using Microsoft.Extensions.Options;
using SoftPromptGrpc.Backends.OnnxRuntime;
using SoftPromptGrpc.Backends.Torch;
using SoftPromptGrpc.Server.Batching;

namespace SoftPromptGrpc.Server.Hosting;

internal static class BackendsExtensions
{
    /// <summary>Every backend that comes with the server.</summary>
    public static IServiceCollection AddBackends(this IServiceCollection services)
    {
        services.AddTorchTraining();
        services.AddTorchInference();
        services.AddOnnxInference();
        services.AddOptions<OnnxOptions>().PostConfigure<IOptions<ServerOptions>, IConfiguration>((onnx, server, configuration) =>
        {
            // Not from its options: they are checked against the backends, which need these.
            onnx.PrefillChunk = (configuration.GetSection(InferenceOptions.Section).Get<InferenceOptions>() ?? new()).PrefillChunk;
            if (onnx.CacheDirectory.Length == 0)
                onnx.CacheDirectory = Path.Combine(server.Value.DataDirectory, "onnx");
        });
        return services;
    }
}
