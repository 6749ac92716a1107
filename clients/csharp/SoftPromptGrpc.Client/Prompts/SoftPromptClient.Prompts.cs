using Google.Protobuf.WellKnownTypes;
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

    /// <summary>Changes the fields that the request's mask names, all at once.</summary>
    public async Task<Prompt> UpdatePromptAsync(UpdatePromptRequest request, CancellationToken cancellationToken) =>
        (await CallAsync(_prompts.UpdatePromptAsync, request, cancellationToken)).Prompt;

    /// <summary>Makes an alias point to a prompt, whichever version of the name it pointed to before.</summary>
    /// <param name="prompt">A reference such as "sentiment@3".</param>
    /// <exception cref="SoftPromptRpcException">ABORTED: somebody else changed the prompt meanwhile.</exception>
    public async Task<Prompt> MoveAliasAsync(string prompt, string alias, CancellationToken cancellationToken)
    {
        var current = await GetPromptAsync(prompt, cancellationToken);
        var request = new UpdatePromptRequest
        {
            Prompt = current.Reference,
            Values = new Prompt { Aliases = { current.Aliases.Union([alias]) } },
            UpdateMask = new FieldMask { Paths = { "aliases" } },
            Etag = current.Etag,
        };
        return await UpdatePromptAsync(request, cancellationToken);
    }

    /// <param name="prompt">One version, such as "sentiment@3", that was deleted.</param>
    public Task<Prompt> UndeletePromptAsync(string prompt, CancellationToken cancellationToken) =>
        UpdatePromptAsync(new() { Prompt = prompt, UpdateMask = new FieldMask { Paths = { "delete_time" } } }, cancellationToken);

    public Task<InspectPromptResponse> InspectPromptAsync(InspectPromptRequest request, CancellationToken cancellationToken) =>
        CallAsync(_prompts.InspectPromptAsync, request, cancellationToken);

    /// <summary>What a training may begin with, the most similar first.</summary>
    /// <param name="count">1 to 100.</param>
    public async Task<IReadOnlyList<PromptSimilarity>> FindSimilarPromptsAsync(
        string prompt, int count, CancellationToken cancellationToken)
    {
        var request = new FindSimilarPromptsRequest { Prompt = prompt, Count = count };
        return (await CallAsync(_prompts.FindSimilarPromptsAsync, request, cancellationToken)).Prompts;
    }

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
        var request = new ExportPromptRequest { Prompt = prompt, Format = format };
        var responses = StreamAsync(() => _prompts.ExportPrompt(request, cancellationToken: cancellationToken), cancellationToken);
        await foreach (var response in responses)
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
            await ChunkedUpload.WriteAsync(
                call.RequestStream, new() { Header = header }, content, chunk => new() { Chunk = chunk }, cancellationToken);
            return (await call.ResponseAsync).Prompt;
        }
        catch (RpcException exception)
        {
            throw exception.ToClientException(cancellationToken);
        }
    }
}
