using Grpc.Core;
using Grpc.Health.V1;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Server.Hosting;
using static Grpc.Health.V1.HealthCheckResponse.Types;

namespace SoftPromptGrpc.Server.Grpc;

/// <summary>
/// grpc.health.v1. All services are ready together, the empty name stands for the server, and "softprompt.v1.Model/ID" for a model,
/// which is ready once it is loaded and for as long as the server takes requests.
/// </summary>
internal sealed class HealthService(Readiness readiness, IModelCatalog models) : Health.HealthBase
{
    private const string ModelPrefix = "softprompt.v1.Model/";

    private static readonly HashSet<string> Names =
    [
        "",
        Contracts.V1.DatasetService.Descriptor.FullName,
        Contracts.V1.InferenceService.Descriptor.FullName,
        Contracts.V1.ModelService.Descriptor.FullName,
        Contracts.V1.PromptService.Descriptor.FullName,
        Contracts.V1.TrainingService.Descriptor.FullName,
    ];

    public override Task<HealthCheckResponse> Check(HealthCheckRequest request, ServerCallContext context) =>
        StatusOf(request.Service) is var status and not ServingStatus.ServiceUnknown
            ? Task.FromResult(new HealthCheckResponse { Status = status })
            : throw new SoftPromptException(ErrorKind.NotFound, $"There is no service '{request.Service}'.")
            {
                Reason = "SERVICE_NOT_FOUND",
            };

    public override async Task Watch(
        HealthCheckRequest request, IServerStreamWriter<HealthCheckResponse> responseStream, ServerCallContext context)
    {
        ServingStatus? told = null;
        while (true)
        {
            var change = readiness.NextChange;
            var status = StatusOf(request.Service);
            if (status != told)
                await responseStream.WriteAsync(new HealthCheckResponse { Status = status }, context.CancellationToken);
            if (readiness.IsStopping)
                return;
            told = status;
            await change.WaitAsync(context.CancellationToken);
        }
    }

    private ServingStatus StatusOf(string name)
    {
        if (Names.Contains(name))
            return Serving(readiness.IsReady);
        var model = name.StartsWith(ModelPrefix, StringComparison.Ordinal)
            ? models.Models.FirstOrDefault(model => name.AsSpan(ModelPrefix.Length).SequenceEqual(model.Id))
            : null;
        return model is null ? ServingStatus.ServiceUnknown : Serving(model.State == ModelState.Ready && !readiness.IsStopping);
    }

    private static ServingStatus Serving(bool isReady) => isReady ? ServingStatus.Serving : ServingStatus.NotServing;
}
