using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using SoftPromptGrpc.Backends.OnnxRuntime;
using SoftPromptGrpc.Backends.Torch;

namespace SoftPromptGrpc.EndToEnd.Tests.Inference;

/// <summary>Every backend, without a server.</summary>
internal sealed class BackendServices : IDisposable
{
    private readonly DirectoryInfo _cache = Directory.CreateTempSubdirectory("softprompt-backends-");
    private readonly ServiceProvider _services;

    public BackendServices() => _services = new ServiceCollection()
        .AddLogging()
        .AddSingleton<IConfiguration>(new ConfigurationBuilder()
            .AddInMemoryCollection([new("Onnx:CacheDirectory", _cache.FullName)]).Build())
        .AddOnnxInference()
        .AddTorchInference()
        .AddTorchTraining()
        .BuildServiceProvider();

    public IEnumerable<T> All<T>() => _services.GetServices<T>();

    public void Dispose()
    {
        _services.Dispose();
        _cache.Delete(recursive: true);
    }
}
