using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace SoftPromptGrpc.Server.Storage;

/// <summary>What <c>dotnet ef migrations add NAME --output-dir Storage/Migrations/Sqlite</c> builds the context with.</summary>
internal sealed class StoreDesign : IDesignTimeDbContextFactory<StoreContext>
{
    public StoreContext CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<StoreContext>().UseSqlite("Data Source=:memory:").Options, SingleTenant.Default);
}
