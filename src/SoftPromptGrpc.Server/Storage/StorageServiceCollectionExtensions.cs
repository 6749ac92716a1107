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
        services.AddOptionsWithValidateOnStart<StorageOptions, StorageOptionsValidator>().BindConfiguration(StorageOptions.Section);
        services.AddSingleton<IValidateOptions<StorageOptions>, ConnectionStringValidator>();
        services.TryAddSingleton<ICurrentTenant, SingleTenant>();
        services.AddSingleton<TenantScope>();
        services.AddDbContextFactory<StoreContext, StoreContexts>((provider, options) => options.UseStore(
            provider.GetRequiredService<IOptions<StorageOptions>>().Value,
            provider.GetRequiredService<IOptions<ServerOptions>>().Value.DataDirectory));
        services.AddSingleton(provider => (StoreContexts)provider.GetRequiredService<IDbContextFactory<StoreContext>>());
        services.AddSingleton<IDbContextFactory<WholeStore>>(provider => provider.GetRequiredService<StoreContexts>());
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

    internal static DbContextOptionsBuilder UsePostgres(this DbContextOptionsBuilder options, string connectionString) =>
        options.UseNpgsql(connectionString, npgsql => npgsql.UseQuerySplittingBehavior(QuerySplittingBehavior.SplitQuery));

    private static DbContextOptionsBuilder UseStore(this DbContextOptionsBuilder builder, StorageOptions options, string dataDirectory) =>
        options.IsShared ? builder.UsePostgres(options.ConnectionString) : builder.UseStoreFile(dataDirectory);
}
