using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Options;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Server.Prompts;
using SoftPromptGrpc.Server.Prompts.Inspection;

namespace SoftPromptGrpc.Server.Grpc;

internal sealed class PromptService(
    PromptStore prompts, PromptChanges changes, PromptInspection inspection, SimilarPrompts similar, AdapterImport import,
    AdapterExport export, IOptions<PromptOptions> options)
    : Contracts.V1.PromptService.PromptServiceBase
{
    private const int ChunkBytes = 1 << 20;
    private const int DefaultSimilar = 10;

    public override async Task<ListPromptsResponse> ListPrompts(ListPromptsRequest request, ServerCallContext context)
    {
        var page = await prompts.ListAsync(request.ToQuery(), context.CancellationToken);
        return new() { Prompts = { page.Prompts.Select(p => p.ToMessage()) }, NextPageToken = page.NextPageToken, TotalSize = page.Total };
    }

    public override async Task<GetPromptResponse> GetPrompt(GetPromptRequest request, ServerCallContext context)
    {
        var prompt = await prompts.FindAsync(PromptReference.Parse(request.Prompt), context.CancellationToken);
        return new() { Prompt = prompt.ToMessage() };
    }

    public override async Task<UpdatePromptResponse> UpdatePrompt(UpdatePromptRequest request, ServerCallContext context) =>
        new() { Prompt = (await changes.UpdateAsync(request.ToUpdate(), context.CancellationToken)).ToMessage() };

    public override async Task<InspectPromptResponse> InspectPrompt(InspectPromptRequest request, ServerCallContext context) =>
        (await inspection.InspectAsync(request.ToQuery(), context.CancellationToken)).ToResponse();

    public override async Task<FindSimilarPromptsResponse> FindSimilarPrompts(
        FindSimilarPromptsRequest request, ServerCallContext context)
    {
        var count = request.Count == 0 ? DefaultSimilar : request.Count;
        return new() { Prompts = { (await similar.FindAsync(request.Prompt, count, context.CancellationToken)).Select(p => p.ToMessage()) } };
    }

    public override async Task<DeletePromptResponse> DeletePrompt(DeletePromptRequest request, ServerCallContext context) => new()
    {
        DeletedCount = await prompts.DeleteAsync(PromptReference.Parse(request.Prompt), request.Etag, context.CancellationToken),
    };

    public override async Task ExportPrompt(
        ExportPromptRequest request, IServerStreamWriter<ExportPromptResponse> responseStream, ServerCallContext context)
    {
        var (reference, format) = request.ToReference();
        var adapter = await export.ExportAsync(reference, format, context.CancellationToken);
        await responseStream.WriteAsync(new() { Header = adapter.ToHeader(format) }, context.CancellationToken);
        for (var content = adapter.Content; content.Length > 0; content = content[Math.Min(ChunkBytes, content.Length)..])
        {
            var chunk = UnsafeByteOperations.UnsafeWrap(content[..Math.Min(ChunkBytes, content.Length)]);
            await responseStream.WriteAsync(new() { Chunk = chunk }, context.CancellationToken);
        }
    }

    public override async Task<ImportPromptResponse> ImportPrompt(
        IAsyncStreamReader<ImportPromptRequest> requestStream, ServerCallContext context)
    {
        var upload = await AdapterUpload.ReadAsync(requestStream, options.Value.MaxImportBytes, ChunkBytes, context.CancellationToken);
        var prompt = await import.ImportAsync(upload.Settings, upload.Content, context.CancellationToken);
        return new() { Prompt = prompt.ToMessage() };
    }
}
