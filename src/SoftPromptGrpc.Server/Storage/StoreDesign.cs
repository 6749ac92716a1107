using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace SoftPromptGrpc.Server.Storage;

/// <summary>
/// What <c>dotnet ef migrations add NAME --context StoreContext --output-dir Storage/Migrations/Sqlite</c> builds the context with.
/// </summary>
internal sealed class StoreDesign : IDesignTimeDbContextFactory<StoreContext>
{
    public StoreContext CreateDbContext(string[] args) =>
        new(new DbContextOptionsBuilder<StoreContext>().UseSqlite("Data Source=:memory:").Options, SingleTenant.Default);
}

/// <summary>The same with <c>--context PostgresStore --output-dir Storage/Migrations/Postgres</c>: every change takes both.</summary>
internal sealed class PostgresDesign : IDesignTimeDbContextFactory<PostgresStore>
{
    public PostgresStore CreateDbContext(string[] args) =>
        new((DbContextOptions<StoreContext>)new DbContextOptionsBuilder<StoreContext>().UsePostgres("Host=localhost").Options);
}
