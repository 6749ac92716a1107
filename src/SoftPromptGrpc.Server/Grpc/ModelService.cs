using Grpc.Core;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Server.Models;

namespace SoftPromptGrpc.Server.Grpc;

internal sealed class ModelService(ModelListing models) : Contracts.V1.ModelService.ModelServiceBase
{
    public override Task<ListModelsResponse> ListModels(ListModelsRequest request, ServerCallContext context)
    {
        var page = models.List(request.PageSize, request.PageToken);
        return Task.FromResult(new ListModelsResponse
        {
            Models = { page.Models.Select(ModelMapper.ToMessage) },
            NextPageToken = page.NextPageToken,
        });
    }

    public override Task<GetModelResponse> GetModel(GetModelRequest request, ServerCallContext context) =>
        Task.FromResult(new GetModelResponse { Model = models.Get(request.Model).ToMessage() });
}
