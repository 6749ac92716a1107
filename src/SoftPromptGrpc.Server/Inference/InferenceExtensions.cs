using SoftPromptGrpc.Core;
using SoftPromptGrpc.Server.Batching;

namespace SoftPromptGrpc.Server.Inference;

internal static class InferenceExtensions
{
    public static IServiceCollection AddInference(this IServiceCollection services)
    {
        services.AddOptionsWithValidateOnStart<InferenceOptions, InferenceOptionsValidator>()
            .BindConfiguration(InferenceOptions.Section)
            .Validate<BackendRegistry>(
                (options, backends) => backends.InferenceBackends.Any(backend => backend.Name == options.Backend),
                "Inference:Backend: there is no inference backend of this name.");
        services.AddSingleton<BatchSchedulers>();
        services.AddHostedService<BatchShutdown>();
        services.AddSingleton<TargetResolver>();
        services.AddSingleton<GenerationPlanner>();
        services.AddSingleton<Generations>();
        services.AddSingleton<ScoringBatch>();
        services.AddSingleton<Scoring>();
        services.AddSingleton<Classification>();
        services.AddSingleton<Tokenization>();
        return services;
    }
}
