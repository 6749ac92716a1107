using Microsoft.EntityFrameworkCore;
using SoftPromptGrpc.Server.Storage;

namespace SoftPromptGrpc.Server.Tests.Storage;

/// <summary>A database of one test. Opened twice, it shows what a restarted or a second server would see.</summary>
public abstract class TestStore : IDisposable
{
    /// <summary>What a server is configured with.</summary>
    public abstract StorageOptions Options { get; }

    internal StoreContexts Open(string tenant = SingleTenant.Default) => Open(new FakeTenant { Name = tenant });

    internal StoreContexts Open(ICurrentTenant tenant) => Open(new TenantScope(tenant));

    internal StoreContexts Open(TenantScope tenant)
    {
        var contexts = Contexts(tenant);
        contexts.MigrateAsync(CancellationToken.None).GetAwaiter().GetResult();
        return contexts;
    }

    /// <summary>Without the tables that this version needs.</summary>
    internal StoreContexts Contexts(TenantScope? tenant = null) => new(
        (DbContextOptions<StoreContext>)Use(new DbContextOptionsBuilder<StoreContext>()).Options, tenant ?? new TenantScope(new SingleTenant()));

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected abstract DbContextOptionsBuilder Use(DbContextOptionsBuilder options);

    protected abstract void Dispose(bool disposing);
}
