using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Server.Models;
using SoftPromptGrpc.Server.Tests.Fakes;

namespace SoftPromptGrpc.Server.Tests;

/// <summary>The whole server in memory, over fake models and a fake inference backend, with a data directory of its own.</summary>
public class ServerFixture : WebApplicationFactory<Program>
{
    /// <summary>Tokens are bytes (<see cref="FakeTokenizer"/>).</summary>
    public const string Model = "tiny";

    /// <summary>Has no tokenizer.</summary>
    public const string ModelOfIds = "tiny-ids";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("softprompt-test-");
    private GrpcChannel? _channel;

    public ChannelBase Channel => _channel ??= GrpcChannel.ForAddress(
        Server.BaseAddress, new GrpcChannelOptions { HttpHandler = Server.CreateHandler() });

    public string DataDirectory => Path.Combine(_directory.FullName, "data");

    internal FakeInferenceBackend Backend { get; } = new();

    /// <summary>The ids of the configured models.</summary>
    protected virtual IEnumerable<string> ModelIds => [Model, ModelOfIds];

    /// <summary>Further settings, such as ("Server:MaxMessageBytes", "65536").</summary>
    protected virtual IEnumerable<(string Key, string Value)> Settings => [];

    /// <summary>Replaces or adds services after the server's own.</summary>
    protected virtual void ConfigureServices(IServiceCollection services)
    {
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseSetting("Server:DataDirectory", DataDirectory);
        builder.UseSetting("Inference:Backend", FakeInferenceBackend.DefaultName);
        foreach (var (id, i) in ModelIds.Select((id, i) => (id, i)))
        {
            builder.UseSetting($"Models:{i}:Id", id);
            builder.UseSetting($"Models:{i}:Path", _directory.FullName);
        }
        foreach (var (key, value) in Settings)
            builder.UseSetting(key, value);
        builder.ConfigureTestServices(services =>
        {
            services.AddSingleton<IModelReader, FakeModelReader>();
            services.RemoveAll<ITrainingBackend>();
            services.RemoveAll<IInferenceBackend>();
            services.AddSingleton<IInferenceBackend>(Backend);
            ConfigureServices(services);
        });
    }

    public override async ValueTask DisposeAsync()
    {
        _channel?.Dispose();
        await base.DisposeAsync();
        _directory.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }
}
