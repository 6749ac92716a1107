using System.Data.Common;

namespace SoftPromptGrpc.Server.Storage;

/// <summary>Brings the database to this version's tables before anything else starts.</summary>
internal sealed class StoreStartup(StoreContexts contexts) : IHostedService
{
    /// <exception cref="IOException">The database cannot be opened or is not one of this software.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await contexts.MigrateAsync(cancellationToken);
        }
        catch (DbException exception)
        {
            throw new IOException($"The store cannot be used: {exception.Message}", exception);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
