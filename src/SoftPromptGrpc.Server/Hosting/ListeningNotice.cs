using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;
using SoftPromptGrpc.Server.Security;

namespace SoftPromptGrpc.Server.Hosting;

/// <summary>Logs the addresses that were bound, for people and for parent processes that started the server on port 0.</summary>
internal sealed class ListeningNotice(
    IServer server, IHostApplicationLifetime lifetime, IOptions<ServerOptions> options, IOptions<SecurityOptions> security,
    ILogger<ListeningNotice> logger)
    : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        lifetime.ApplicationStarted.Register(Tell);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void Tell()
    {
        foreach (var address in server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [])
            logger.Listening(address);
        if (security.Value.IsAuthenticating && ListenAddress.TryParse(options.Value.Listen) is { IsLoopback: false, IsSecure: false })
            logger.CredentialsUnencrypted();
    }
}
