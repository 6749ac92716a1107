using Microsoft.EntityFrameworkCore;

namespace SoftPromptGrpc.Server.Storage;

/// <summary>Brings the database to this version's tables before anything else starts.</summary>
internal sealed class StoreStartup(IDbContextFactory<StoreContext> contexts) : IHostedService
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await using var store = await contexts.CreateDbContextAsync(cancellationToken);
        await store.Database.MigrateAsync(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
