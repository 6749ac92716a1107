using Microsoft.EntityFrameworkCore;

namespace SoftPromptGrpc.Server.Storage;

/// <summary>Opens the store: as the tenant sees it whom the work is done for, or whole, where a constructor asks for just that.</summary>
internal sealed class StoreContexts(DbContextOptions<StoreContext> options, TenantScope tenant)
    : IDbContextFactory<StoreContext>, IDbContextFactory<WholeStore>
{
    public StoreContext CreateDbContext() => new(options, tenant.Name);

    public Task<StoreContext> CreateDbContextAsync(CancellationToken cancellationToken = default) => Task.FromResult(CreateDbContext());

    WholeStore IDbContextFactory<WholeStore>.CreateDbContext() => new(options);

    /// <summary>Brings the database to this version's tables. Servers that start together wait for each other.</summary>
    public async Task MigrateAsync(CancellationToken cancellationToken)
    {
        await using var store = CreateDbContext();
        await using var migrated = store.Database.IsNpgsql() ? new PostgresStore(options) : store;
        await migrated.Database.MigrateAsync(cancellationToken);
    }
}
