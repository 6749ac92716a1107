using Microsoft.Extensions.Options;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Server.Prompts.Inspection;

namespace SoftPromptGrpc.Server.Prompts;

internal static class PromptsServiceCollectionExtensions
{
    public static IServiceCollection AddPrompts(this IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<PromptOptions, PromptOptionsValidator>().BindConfiguration(PromptOptions.Section);
        services.AddSingleton(provider => new TensorCache(provider.GetRequiredService<IOptions<PromptOptions>>().Value.CacheBytes));
        services.AddSingleton<PromptStore>();
        services.AddSingleton<IPromptStore>(provider => provider.GetRequiredService<PromptStore>());
        services.AddSingleton<PromptChanges>();
        services.AddHostedService<PromptPurge>();
        services.AddSingleton<ExampleMeasure>();
        services.AddSingleton<PromptInspection>();
        services.AddSingleton<SimilarPrompts>();
        services.AddSingleton<AdapterImport>();
        services.AddSingleton<AdapterExport>();
        return services;
    }
}
