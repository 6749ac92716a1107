using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Client;

public sealed partial class SoftPromptClient
{
    /// <summary>In the order of their ids, over all pages.</summary>
    public IAsyncEnumerable<Model> ListModelsAsync(CancellationToken cancellationToken) => Pages.ReadAsync(
        token => new ListModelsRequest { PageToken = token ?? "" },
        (page, ct) => CallAsync(_models.ListModelsAsync, page, ct),
        response => (response.Models, response.NextPageToken),
        cancellationToken);

    public async Task<Model> GetModelAsync(string model, CancellationToken cancellationToken) =>
        (await CallAsync(_models.GetModelAsync, new GetModelRequest { Model = model }, cancellationToken)).Model;
}
