using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SoftPromptGrpc.ModelFormats.Hub;

namespace SoftPromptGrpc.ModelFormats.Tests.Hub;

/// <summary>A hub double with a small model, an empty cache, and what downloads from the one into the other.</summary>
public abstract class HubTest : IAsyncLifetime
{
    private readonly TemporaryDirectory _cache = new();
    private readonly List<ServiceProvider> _services = [];
    private HubDouble? _hub;

    private protected HubDouble Hub => _hub!;

    protected string Cache => _cache.Path;

    protected string Repository => Path.Combine(Cache, "models--owner--tiny-model");

    protected string Snapshot => Path.Combine(Repository, "snapshots", HubDouble.Commit);

    protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _hub = await HubDouble.StartAsync();
        Hub.Files["config.json"] = Encoding.UTF8.GetBytes("""{"model_type": "llama"}""");
        Hub.Files["generation_config.json"] = Encoding.UTF8.GetBytes("{}");
        Hub.Files["tokenizer.json"] = Encoding.UTF8.GetBytes("""{"version": "1.0"}""");
        Hub.Files["model.safetensors"] = Random(1, 300_000);
        Hub.Files["pytorch_model.bin"] = Random(2, 1000);
        Hub.Files["README.md"] = Encoding.UTF8.GetBytes("# Tiny");
        Hub.Files["modeling_tiny.py"] = Encoding.UTF8.GetBytes("import os");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var services in _services)
            await services.DisposeAsync();
        await Hub.DisposeAsync();
        _cache.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected static byte[] Random(int seed, int length)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>As another process would: with services of its own.</summary>
    private protected Task<string> GetAsync(string? revision = null, string? token = null, bool offline = false, TimeSpan? stall = null)
    {
        var settings = new HubSettings(Hub.Endpoint, Cache, token, offline)
        {
            ResumeDelay = TimeSpan.Zero,
            StallTimeout = stall ?? TimeSpan.FromMinutes(1),
        };
        var reference = HubReference.Parse($"hf://{HubDouble.Repository}{(revision is null ? "" : $"@{revision}")}");
        return Services(settings).GetRequiredService<CheckpointHub>().GetAsync(reference, Ct);
    }

    private protected HubRequest[] RequestsFor(string name) => [.. Hub.Requests.Where(r => r.Path.EndsWith($"/{name}", StringComparison.Ordinal))];

    private ServiceProvider Services(HubSettings settings)
    {
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddProvider(Messages));
        services.AddSingleton(TimeProvider.System);
        services.AddCheckpointHub(() => settings, retryDelay: TimeSpan.Zero);
        _services.Add(services.BuildServiceProvider());
        return _services[^1];
    }

    private protected MessageRecorder Messages { get; } = new();
}
