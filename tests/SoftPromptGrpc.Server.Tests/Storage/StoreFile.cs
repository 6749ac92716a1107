using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using SoftPromptGrpc.Server.Storage;

namespace SoftPromptGrpc.Server.Tests.Storage;

/// <summary>A database in a folder of its own. A second one over the same folder sees what a restarted server would.</summary>
public sealed class StoreFile : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("softprompt-store").FullName;

    internal StoreContexts Open(string tenant = SingleTenant.Default) => Open(new FakeTenant { Name = tenant });

    internal StoreContexts Open(ICurrentTenant tenant) => Open(new TenantScope(tenant));

    internal StoreContexts Open(TenantScope tenant)
    {
        var contexts = Contexts(tenant);
        using var store = contexts.CreateDbContext();
        store.Database.Migrate();
        return contexts;
    }

    /// <summary>Without the tables that this version needs.</summary>
    internal StoreContexts Contexts(TenantScope? tenant = null) => new(
        (DbContextOptions<StoreContext>)new DbContextOptionsBuilder<StoreContext>().UseStoreFile(Folder).Options,
        tenant ?? new TenantScope(new SingleTenant()));

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(Folder, recursive: true);
    }
}
