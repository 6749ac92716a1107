using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace SoftPromptGrpc.Server.Storage;

internal static class StorageServiceCollectionExtensions
{
    /// <param name="dataDirectory">Where the database's file lies. Made when missing.</param>
    public static IServiceCollection AddStorage(this IServiceCollection services, Func<IServiceProvider, string> dataDirectory)
    {
        services.AddDbContextFactory<StoreContext>((provider, options) => options.UseStoreFile(dataDirectory(provider)));
        return services.AddHostedService<StoreStartup>();
    }

    internal static DbContextOptionsBuilder UseStoreFile(this DbContextOptionsBuilder options, string dataDirectory)
    {
        var file = Path.Combine(Directory.CreateDirectory(dataDirectory).FullName, "store.db");
        return options
            .UseSqlite(new SqliteConnectionStringBuilder { DataSource = file }.ToString())
            .AddInterceptors(new SqliteSettings());
    }
}
