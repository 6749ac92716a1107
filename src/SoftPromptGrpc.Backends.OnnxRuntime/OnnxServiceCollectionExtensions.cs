using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using SoftPromptGrpc.Core.Inference;

namespace SoftPromptGrpc.Backends.OnnxRuntime;

public static class OnnxServiceCollectionExtensions
{
    /// <summary>Adds the inference backend "onnxruntime".</summary>
    public static IServiceCollection AddOnnxInference(this IServiceCollection services)
    {
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<OnnxOptions>, OnnxDeviceValidator>());
        services.AddOptionsWithValidateOnStart<OnnxOptions, OnnxOptionsValidator>().BindConfiguration(OnnxOptions.Section);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IInferenceBackend, OnnxInferenceBackend>());
        return services;
    }
}
