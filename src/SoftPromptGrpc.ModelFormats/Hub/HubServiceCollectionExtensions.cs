using Microsoft.Extensions.DependencyInjection;

namespace SoftPromptGrpc.ModelFormats.Hub;

public static class HubServiceCollectionExtensions
{
    /// <summary>What a retry may wait for in all, a rate limit's Retry-After included.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan AttemptPatience = TimeSpan.FromSeconds(30);

    /// <summary>
    /// <see cref="CheckpointHub"/>, over an HTTP client that repeats what failed for a moment: no connection, 408, 429, 5xx.
    /// </summary>
    /// <param name="retryDelay">Before the first repetition; doubled each time, and overruled by Retry-After.</param>
    public static IServiceCollection AddCheckpointHub(
        this IServiceCollection services, Func<HubSettings> settings, TimeSpan? retryDelay = null)
    {
        services.AddSingleton(_ => settings());
        var client = services.AddHttpClient<CheckpointHub>(http =>
            {
                http.Timeout = Timeout.InfiniteTimeSpan; // The resilience handler has its own, and a body may take hours.
                http.DefaultRequestHeaders.UserAgent.ParseAdd("SoftPromptGrpc/1.0");
            })
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseCookies = false,
                PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            })
            .RemoveAllLoggers();
        client.AddStandardResilienceHandler(resilience =>
        {
            resilience.TotalRequestTimeout.Timeout = Patience;
            resilience.AttemptTimeout.Timeout = AttemptPatience;
            resilience.CircuitBreaker.SamplingDuration = 2 * AttemptPatience;
            resilience.Retry.Delay = retryDelay ?? resilience.Retry.Delay;
        });
        return services;
    }
}
