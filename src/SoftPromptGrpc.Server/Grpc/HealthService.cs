using Grpc.Core;
using Grpc.Health.V1;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Server.Hosting;
using static Grpc.Health.V1.HealthCheckResponse.Types;

namespace SoftPromptGrpc.Server.Grpc;

/// <summary>grpc.health.v1. All services are ready together, and the empty name stands for the server.</summary>
internal sealed class HealthService(Readiness readiness) : Health.HealthBase
{
    private static readonly HashSet<string> Names =
    [
        "",
        Contracts.V1.DatasetService.Descriptor.FullName,
        Contracts.V1.InferenceService.Descriptor.FullName,
        Contracts.V1.ModelService.Descriptor.FullName,
        Contracts.V1.PromptService.Descriptor.FullName,
        Contracts.V1.TrainingService.Descriptor.FullName,
    ];

    private ServingStatus Status => readiness.IsReady ? ServingStatus.Serving : ServingStatus.NotServing;

    public override Task<HealthCheckResponse> Check(HealthCheckRequest request, ServerCallContext context) =>
        Names.Contains(request.Service)
            ? Task.FromResult(new HealthCheckResponse { Status = Status })
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
            var status = Names.Contains(request.Service) ? Status : ServingStatus.ServiceUnknown;
            if (status != told)
                await responseStream.WriteAsync(new HealthCheckResponse { Status = status }, context.CancellationToken);
            if (readiness.IsStopping)
                return;
            told = status;
            await change.WaitAsync(context.CancellationToken);
        }
    }
}
