using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Training;

namespace SoftPromptGrpc.Backends.Torch;

public static class TorchServiceCollectionExtensions
{
    /// <summary>The training backend "torch".</summary>
    public static IServiceCollection AddTorchTraining(this IServiceCollection services)
    {
        services.AddTorchOptions();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ITrainingBackend, TorchTrainingBackend>());
        return services;
    }

    /// <summary>The inference backend "torch": slow, for comparison.</summary>
    public static IServiceCollection AddTorchInference(this IServiceCollection services)
    {
        services.AddTorchOptions();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IInferenceBackend, TorchInferenceBackend>());
        return services;
    }

    private static void AddTorchOptions(this IServiceCollection services)
    {
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<TorchOptions>, TorchDeviceValidator>());
        services.AddOptionsWithValidateOnStart<TorchOptions, TorchOptionsValidator>().BindConfiguration(TorchOptions.Section);
    }
}
