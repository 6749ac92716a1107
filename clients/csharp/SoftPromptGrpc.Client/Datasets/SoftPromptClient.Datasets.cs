using System.Globalization;
using System.Security.Cryptography;
using Grpc.Core;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Client;

public sealed partial class SoftPromptClient
{
    /// <summary>
    /// Uploads examples. What an interrupted upload of the same content has left on the server is not sent again.
    /// </summary>
    /// <param name="header">Hash and offset are filled in.</param>
    /// <param name="content">Read from its beginning; must be seekable.</param>
    public async Task<Dataset> UploadDatasetAsync(DatasetHeader header, Stream content, CancellationToken cancellationToken)
    {
        content.Position = 0;
        var hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancellationToken));
        // Offers to continue at the end: the server has it all, or names the right place.
        var offset = content.Length;
        for (var isFirst = true; ; isFirst = false)
        {
            try
            {
                content.Position = offset;
                return await UploadAsync(new(header) { Sha256 = hash, ResumeOffset = offset }, content, cancellationToken);
            }
            catch (SoftPromptRpcException exception) when (isFirst && ResumeOffset(exception) is { } right && right <= content.Length)
            {
                offset = right;
            }
        }
    }

    public IAsyncEnumerable<Dataset> ListDatasetsAsync(CancellationToken cancellationToken) => Pages.ReadAsync(
        token => new ListDatasetsRequest { PageToken = token ?? "" },
        (page, ct) => CallAsync(_datasets.ListDatasetsAsync, page, ct),
        response => (response.Datasets, response.NextPageToken),
        cancellationToken);

    /// <param name="dataset">Its id.</param>
    public async Task<Dataset> GetDatasetAsync(string dataset, CancellationToken cancellationToken) =>
        (await CallAsync(_datasets.GetDatasetAsync, new GetDatasetRequest { Dataset = dataset }, cancellationToken)).Dataset;

    /// <param name="dataset">Its id.</param>
    public Task DeleteDatasetAsync(string dataset, CancellationToken cancellationToken) =>
        CallAsync(_datasets.DeleteDatasetAsync, new DeleteDatasetRequest { Dataset = dataset }, cancellationToken);

    private async Task<Dataset> UploadAsync(DatasetHeader header, Stream content, CancellationToken cancellationToken)
    {
        using var call = _datasets.UploadDataset(cancellationToken: cancellationToken);
        try
        {
            await ChunkedUpload.WriteAsync(
                call.RequestStream, new() { Header = header }, content, chunk => new() { Chunk = chunk }, cancellationToken);
            return (await call.ResponseAsync).Dataset;
        }
        catch (RpcException exception)
        {
            throw exception.ToClientException(cancellationToken);
        }
    }

    private static long? ResumeOffset(SoftPromptRpcException exception) =>
        exception is { StatusCode: StatusCode.Aborted, Reason: "RESUME_OFFSET_WRONG" }
        && long.TryParse(exception.Metadata.GetValueOrDefault("resume_offset"), NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
            ? offset
            : null;
}
