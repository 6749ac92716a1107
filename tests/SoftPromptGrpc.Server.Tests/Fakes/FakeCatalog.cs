using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Server.Tests.Fakes;

/// <summary>Models that are ready from the beginning.</summary>
internal sealed class FakeCatalog(params BaseModel[] models) : IModelCatalog
{
    public IReadOnlyList<ModelStatus> Models { get; } = [.. models.Select(m => new ModelStatus(m.Id, ModelState.Ready, m, ""))];

    public Task<BaseModel> GetAsync(string id, CancellationToken cancellationToken) => Task.FromResult(
        Models.FirstOrDefault(m => m.Id == id || (id.Length == 0 && Models.Count == 1))?.Model
            ?? throw new SoftPromptException(ErrorKind.NotFound, $"There is no model '{id}'."));
}
