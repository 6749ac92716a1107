using Microsoft.Extensions.Options;

namespace SoftPromptGrpc.Server.Jobs;

/// <summary>Runs the queue, one job at a time, after it took up what a stopped server left behind.</summary>
internal sealed class JobRunner(
    JobStore jobs, JobRun run, JobSignals signals, IHostApplicationLifetime lifetime, IOptions<JobOptions> options, TimeProvider time,
    ILogger<JobRunner> logger)
    : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The token alone is cancelled only after the last call has ended, which may be long after the stop began.
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, lifetime.ApplicationStopping);
        await RunAsync(stopping.Token);
    }

    private async Task RunAsync(CancellationToken stoppingToken)
    {
        using var queue = signals.Subscribe(JobSignals.Queue);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RecoverAsync(stoppingToken);
                await RunQueueAsync(queue, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                logger.StoreBroke(exception);
                await Task.Delay(Pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task RecoverAsync(CancellationToken stoppingToken)
    {
        foreach (var job in await jobs.RecoverAsync(options.Value.MaxCrashes, stoppingToken))
            logger.JobRecovered(job.Id, job.State, job.Crashes);
    }

    private async Task RunQueueAsync(JobSignals.Subscription queue, CancellationToken stoppingToken)
    {
        while (true)
        {
            if (await jobs.ClaimNextAsync(stoppingToken) is { } claimed)
            {
                await using (claimed.Ownership)
                    await run.RunAsync(claimed, stoppingToken);
                continue;
            }
            await queue.WaitAsync(stoppingToken);
            if (jobs.IsShared) // Another server may have died.
                await RecoverAsync(stoppingToken);
        }
    }
}
