using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace SoftPromptGrpc.Client.Tests.Fakes;

/// <summary>A gRPC server on a free loopback port whose answers a test sets.</summary>
public sealed class FakeServer : IAsyncLifetime
{
    private WebApplication? _app;

    public FakeInferenceService Inference { get; } = new();

    public FakeModelService Models { get; } = new();

    public FakePromptService Prompts { get; } = new();

    public FakeTrainingService Training { get; } = new();

    /// <summary>What each call sent to say who it is.</summary>
    public ConcurrentQueue<string> Authorizations { get; } = new();

    public string Address => _app!.Urls.Single();

    public SoftPromptClient Connect() => Connect(new SoftPromptClientOptions());

    /// <summary>Retries come without delay worth mentioning.</summary>
    public SoftPromptClient Connect(SoftPromptClientOptions options) =>
        new(Address, options with { InitialBackoff = TimeSpan.FromMilliseconds(1), MaxBackoff = TimeSpan.FromMilliseconds(2) });

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(
            System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(Inference).AddSingleton(Models).AddSingleton(Prompts).AddSingleton(Training);
        _app = builder.Build();
        _app.Use((call, next) =>
        {
            Authorizations.Enqueue(call.Request.Headers.Authorization.ToString());
            return next(call);
        });
        _app.MapGrpcService<FakeInferenceService>();
        _app.MapGrpcService<FakeModelService>();
        _app.MapGrpcService<FakePromptService>();
        _app.MapGrpcService<FakeTrainingService>();
        await _app.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
            await _app.DisposeAsync();
    }
}
