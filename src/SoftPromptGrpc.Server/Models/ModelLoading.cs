using Microsoft.Extensions.Options;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Server.Batching;
using SoftPromptGrpc.Server.Hosting;

namespace SoftPromptGrpc.Server.Models;

/// <summary>Loads the configured models in the background, one after the other, and then lets the server be ready.</summary>
internal sealed class ModelLoading(
    IOptions<ModelsOptions> options,
    IModelReader reader,
    ModelCatalog catalog,
    BackendRegistry backends,
    BatchSchedulers schedulers,
    Readiness readiness,
    TimeProvider time,
    ILogger<ModelLoading> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        foreach (var model in options.Value.Models)
        {
            await LoadAsync(model, stoppingToken);
            readiness.Moved();
        }
        readiness.Ready();
    }

    private async Task LoadAsync(ModelOptions options, CancellationToken cancellationToken)
    {
        logger.ModelLoading(options.Id);
        var start = time.GetTimestamp();
        try
        {
            var read = await reader.ReadAsync(options.Id, options.Path, cancellationToken);
            var model = options.Weights.Apply(read, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes) with { ServingPrecision = options.Precision };
            await OpenAsync(model, cancellationToken);
            catalog.SetReady(model);
            logger.ModelReady(
                model.Id, model.Spec.ModelType, model.ParameterCount, model.Fingerprint, time.GetElapsedTime(start).TotalSeconds);
        }
        catch (SoftPromptException exception)
        {
            logger.ModelFailed(options.Id, exception.Message);
            catalog.SetFailed(options.Id, exception.Message);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            logger.ModelBroken(exception, options.Id);
            catalog.SetFailed(options.Id, "internal error");
        }
    }

    /// <summary>Opens the default backend's session. A model that this backend does not implement can still be trained.</summary>
    private async Task OpenAsync(BaseModel model, CancellationToken cancellationToken)
    {
        if (backends.Inference(schedulers.DefaultBackend).Supports(model.Spec))
            await schedulers.GetAsync(model, schedulers.DefaultBackend, cancellationToken);
    }
}
