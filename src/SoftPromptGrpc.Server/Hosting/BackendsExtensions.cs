using Microsoft.Extensions.Options;
using SoftPromptGrpc.Backends.OnnxRuntime;
using SoftPromptGrpc.Backends.Torch;

namespace SoftPromptGrpc.Server.Hosting;

internal static class BackendsExtensions
{
    /// <summary>Every backend that comes with the server.</summary>
    public static IServiceCollection AddBackends(this IServiceCollection services)
    {
        services.AddTorchTraining();
        services.AddTorchInference();
        services.AddOnnxInference();
        services.AddOptions<OnnxOptions>().PostConfigure<IOptions<ServerOptions>>((onnx, server) =>
        {
            if (onnx.CacheDirectory.Length == 0)
                onnx.CacheDirectory = Path.Combine(server.Value.DataDirectory, "onnx");
        });
        return services;
    }
}
