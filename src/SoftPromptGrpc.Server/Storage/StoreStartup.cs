using System.Data.Common;
using Microsoft.EntityFrameworkCore;

namespace SoftPromptGrpc.Server.Storage;

/// <summary>Brings the database to this version's tables before anything else starts.</summary>
internal sealed class StoreStartup(IDbContextFactory<StoreContext> contexts) : IHostedService
{
    /// <exception cref="IOException">The database cannot be opened or is not one of this software.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await using var store = await contexts.CreateDbContextAsync(cancellationToken);
        try
        {
            await store.Database.MigrateAsync(cancellationToken);
        }
        catch (DbException exception)
        {
            throw new IOException($"The store in the data directory cannot be used: {exception.Message}", exception);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
