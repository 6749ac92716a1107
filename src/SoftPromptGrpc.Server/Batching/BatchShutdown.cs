using Microsoft.Extensions.Options;
using SoftPromptGrpc.Server.Hosting;

namespace SoftPromptGrpc.Server.Batching;

/// <summary>When the server stops, lets running work go on for the grace period, ends it, and closes the sessions.</summary>
internal sealed class BatchShutdown(
    BatchSchedulers schedulers, IHostApplicationLifetime lifetime, IOptions<ServerOptions> options, TimeProvider time) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        lifetime.ApplicationStopping.Register(() => _ = StopAfterGraceAsync());
        return Task.CompletedTask;
    }

    /// <summary>The host calls it after the last call has been answered, before the models are let go of.</summary>
    public async Task StopAsync(CancellationToken cancellationToken) => await schedulers.DisposeAsync();

    private async Task StopAfterGraceAsync()
    {
        await Task.Delay(options.Value.ShutdownGrace, time);
        await schedulers.StopWorkAsync();
    }
}
