using Grpc.Core;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Client.Tests.Fakes;

public sealed class FakeModelService : ModelService.ModelServiceBase
{
    public List<Model> Models { get; } = [new Model { Id = "tiny", Architecture = "llama", State = ModelState.Ready }];

    public override Task<ListModelsResponse> ListModels(ListModelsRequest request, ServerCallContext context) =>
        Task.FromResult(new ListModelsResponse { Models = { Models } });

    public override Task<GetModelResponse> GetModel(GetModelRequest request, ServerCallContext context) =>
        Task.FromResult(new GetModelResponse
        {
            Model = Models.Find(model => model.Id == request.Model) ?? throw Failures.NotFound($"There is no model \"{request.Model}\"."),
        });
}
