using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using SoftPromptGrpc.Server.Hosting;

namespace SoftPromptGrpc.Server.Storage;

internal static class StorageServiceCollectionExtensions
{
    public static IServiceCollection AddStorage(this IServiceCollection services)
    {
        services.TryAddSingleton<ICurrentTenant, SingleTenant>();
        services.AddSingleton<TenantScope>();
        services.AddDbContextFactory<StoreContext, StoreContexts>((provider, options) =>
            options.UseStoreFile(provider.GetRequiredService<IOptions<ServerOptions>>().Value.DataDirectory));
        services.AddSingleton(provider => (IDbContextFactory<WholeStore>)provider.GetRequiredService<IDbContextFactory<StoreContext>>());
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
