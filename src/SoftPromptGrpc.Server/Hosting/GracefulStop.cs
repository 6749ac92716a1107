using Microsoft.Extensions.Options;

namespace SoftPromptGrpc.Server.Hosting;

/// <summary>
/// What comes between the signal to stop, at which health turns and new calls are refused, and the end of listening: the calls under
/// way end, by themselves or at the end of the grace period.
/// </summary>
internal sealed class GracefulStop(
    CallsUnderWay calls, IHostApplicationLifetime lifetime, IOptions<ServerOptions> options, TimeProvider time, ILogger<GracefulStop> logger)
    : IHostedLifecycleService
{
    /// <summary>For the answers to what was cut short.</summary>
    private static readonly TimeSpan ToAnswer = TimeSpan.FromSeconds(5);

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        lifetime.ApplicationStopping.Register(() => _ = calls.Close());
        return Task.CompletedTask;
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        var ended = calls.Close();
        var patience = options.Value.ShutdownGrace + ToAnswer;
        await Task.Delay(options.Value.ShutdownDelay, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await ended.WaitAsync(patience, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!ended.IsCompleted)
            logger.CallsCutOff();
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
