using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Server.Models;

internal static class ModelsExtensions
{
    public static IServiceCollection AddModels(this IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<ModelsOptions, ModelsOptionsValidator>()
            .Configure<IConfiguration>((options, configuration) => configuration.GetSection(ModelsOptions.Section).Bind(options.Models));
        services.AddSingleton<BackendRegistry>();
        CheckpointDirectories.Add(services);
        services.AddSingleton<IModelReader, CheckpointReader>();
        services.AddSingleton<ModelCatalog>();
        services.AddSingleton<IModelCatalog>(provider => provider.GetRequiredService<ModelCatalog>());
        services.AddSingleton<ModelListing>();
        services.AddHostedService<ModelLoading>();
        return services;
    }
}
