using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using SoftPromptGrpc.Server.Storage;

namespace SoftPromptGrpc.Server.Tests.Storage;

/// <summary>A database in a folder of its own. A second one over the same folder sees what a restarted server would.</summary>
public sealed class StoreFile : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("softprompt-store").FullName;

    internal IDbContextFactory<StoreContext> Open()
    {
        var contexts = Contexts();
        using var store = contexts.CreateDbContext();
        store.Database.Migrate();
        return contexts;
    }

    /// <summary>Without the tables that this version needs.</summary>
    internal IDbContextFactory<StoreContext> Contexts() =>
        new ContextFactory((DbContextOptions<StoreContext>)new DbContextOptionsBuilder<StoreContext>().UseStoreFile(Folder).Options);

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(Folder, recursive: true);
    }

    private sealed class ContextFactory(DbContextOptions<StoreContext> options) : IDbContextFactory<StoreContext>
    {
        public StoreContext CreateDbContext() => new(options);
    }
}
