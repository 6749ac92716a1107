using Grpc.Core;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Server.Datasets;
using SoftPromptGrpc.Server.Paging;

namespace SoftPromptGrpc.Server.Grpc;

internal sealed class DatasetService(DatasetUploads uploads, DatasetStore datasets) : Contracts.V1.DatasetService.DatasetServiceBase
{
    public override async Task<UploadDatasetResponse> UploadDataset(
        IAsyncStreamReader<UploadDatasetRequest> requestStream, ServerCallContext context)
    {
        var description = await DatasetMapper.ReadHeaderAsync(requestStream, context.CancellationToken);
        var pieces = DatasetMapper.ReadChunksAsync(requestStream, context.CancellationToken);
        return new() { Dataset = (await uploads.UploadAsync(description, pieces, context.CancellationToken)).ToMessage() };
    }

    public override async Task<GetDatasetResponse> GetDataset(GetDatasetRequest request, ServerCallContext context) =>
        new() { Dataset = (await datasets.FindAsync(request.Dataset, context.CancellationToken)).ToMessage() };

    public override async Task<ListDatasetsResponse> ListDatasets(ListDatasetsRequest request, ServerCallContext context)
    {
        var violations = new Violations();
        var size = PageSize.Parse(request.PageSize, violations);
        var after = PageToken.Parse(request.PageToken, "", key => key.Length == 0, violations);
        violations.ThrowIfAny();
        var page = await datasets.ListAsync(size, after, context.CancellationToken);
        return new() { Datasets = { page.Datasets.Select(d => d.ToMessage()) }, NextPageToken = page.NextPageToken };
    }

    public override async Task<DeleteDatasetResponse> DeleteDataset(DeleteDatasetRequest request, ServerCallContext context)
    {
        await datasets.DeleteAsync(request.Dataset, context.CancellationToken);
        return new();
    }
}
