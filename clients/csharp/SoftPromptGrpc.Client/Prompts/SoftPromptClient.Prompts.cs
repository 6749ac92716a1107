using Grpc.Core;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Client;

public sealed partial class SoftPromptClient
{
    public IAsyncEnumerable<Prompt> ListPromptsAsync(CancellationToken cancellationToken) =>
        ListPromptsAsync(new ListPromptsRequest(), cancellationToken);

    /// <summary>Over all pages from the request's page token on.</summary>
    public IAsyncEnumerable<Prompt> ListPromptsAsync(ListPromptsRequest request, CancellationToken cancellationToken) => Pages.ReadAsync(
        token => new ListPromptsRequest(request) { PageToken = token ?? request.PageToken },
        (page, ct) => CallAsync(_prompts.ListPromptsAsync, page, ct),
        response => (response.Prompts, response.NextPageToken),
        cancellationToken);

    /// <param name="prompt">A reference such as "sentiment" or "sentiment@3".</param>
    public async Task<Prompt> GetPromptAsync(string prompt, CancellationToken cancellationToken) =>
        (await CallAsync(_prompts.GetPromptAsync, new GetPromptRequest { Prompt = prompt }, cancellationToken)).Prompt;

    /// <summary>Deletes one version ("name@3") or all versions ("name") and returns how many there were.</summary>
    public async Task<int> DeletePromptAsync(string prompt, CancellationToken cancellationToken) =>
        (await CallAsync(_prompts.DeletePromptAsync, new DeletePromptRequest { Prompt = prompt }, cancellationToken)).DeletedCount;

    /// <summary>Writes a prompt in another tool's format and returns what it is. After an error the destination holds part of it.</summary>
    /// <param name="prompt">A reference such as "sentiment" or "sentiment@3".</param>
    public async Task<ExportHeader> ExportPromptAsync(
        string prompt, AdapterFormat format, Stream destination, CancellationToken cancellationToken)
    {
        ExportHeader? header = null;
        var written = 0L;
        var call = _prompts.ExportPrompt(
            new ExportPromptRequest { Prompt = prompt, Format = format }, cancellationToken: cancellationToken);
        await foreach (var response in call.ReadAsync(cancellationToken))
        {
            header = response.Header ?? header;
            written += response.Chunk.Length;
            await destination.WriteAsync(response.Chunk.Memory, cancellationToken);
        }

        return header is not null && header.SizeBytes == written
            ? header
            : throw new SoftPromptRpcException(StatusCode.DataLoss, $"The export of {prompt} broke off after {written} bytes.");
    }

    /// <summary>Reads a prompt in another tool's format, up to the end of the stream, as a new version.</summary>
    public async Task<Prompt> ImportPromptAsync(ImportHeader header, Stream content, CancellationToken cancellationToken)
    {
        using var call = _prompts.ImportPrompt(deadline: Deadline(), cancellationToken: cancellationToken);
        try
        {
            await PromptUpload.WriteAsync(call.RequestStream, header, content, cancellationToken);
            return (await call.ResponseAsync).Prompt;
        }
        catch (RpcException exception)
        {
            throw exception.ToClientException(cancellationToken);
        }
    }
}
