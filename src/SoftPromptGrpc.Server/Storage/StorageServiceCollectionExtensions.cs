using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using SoftPromptGrpc.Server.Hosting;

namespace SoftPromptGrpc.Server.Storage;

internal static class StorageServiceCollectionExtensions
{
    public static IServiceCollection AddStorage(this IServiceCollection services)
    {
        services.AddDbContextFactory<StoreContext>((provider, options) =>
            options.UseStoreFile(provider.GetRequiredService<IOptions<ServerOptions>>().Value.DataDirectory));
        return services.AddHostedService<StoreStartup>();
    }

    /// <param name="dataDirectory">Where the database's file lies. Made when missing.</param>
    internal static DbContextOptionsBuilder UseStoreFile(this DbContextOptionsBuilder options, string dataDirectory)
    {
        var file = Path.Combine(Directory.CreateDirectory(dataDirectory).FullName, "store.db");
        return options
            .UseSqlite(
                new SqliteConnectionStringBuilder { DataSource = file }.ToString(),
                sqlite => sqlite.UseQuerySplittingBehavior(QuerySplittingBehavior.SplitQuery))
            .AddInterceptors(new SqliteSettings());
    }
}
