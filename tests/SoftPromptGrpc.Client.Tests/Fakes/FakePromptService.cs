using Google.Protobuf;
using Grpc.Core;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Client.Tests.Fakes;

public sealed class FakePromptService : PromptService.PromptServiceBase
{
    public const int PageSize = 2;

    public List<Prompt> Prompts { get; } = [];

    public List<UpdatePromptRequest> Updates { get; } = [];

    public InspectPromptRequest? Inspected { get; private set; }

    public InspectPromptResponse Inspection { get; set; } = new();

    public List<ListPromptsRequest> ListRequests { get; } = [];

    public byte[] Content { get; set; } = [];

    /// <summary>What an export announces; null: what it sends.</summary>
    public long? AnnouncedBytes { get; set; }

    public ImportHeader? Imported { get; private set; }

    public byte[] ImportedContent { get; private set; } = [];

    public RpcException? ImportFailure { get; set; }

    public int DeleteCalls { get; private set; }

    public RpcException? DeleteFailure { get; set; }

    public override Task<ListPromptsResponse> ListPrompts(ListPromptsRequest request, ServerCallContext context)
    {
        ListRequests.Add(request);
        var start = request.PageToken.Length == 0 ? 0 : int.Parse(request.PageToken, null);
        var next = start + PageSize < Prompts.Count ? $"{start + PageSize}" : "";
        return Task.FromResult(new ListPromptsResponse { Prompts = { Prompts.Skip(start).Take(PageSize) }, NextPageToken = next });
    }

    public override Task<GetPromptResponse> GetPrompt(GetPromptRequest request, ServerCallContext context) =>
        Task.FromResult(new GetPromptResponse { Prompt = Find(request.Prompt) });

    public override Task<UpdatePromptResponse> UpdatePrompt(UpdatePromptRequest request, ServerCallContext context)
    {
        Updates.Add(request);
        var prompt = Find(request.Prompt);
        if (request.Etag.Length > 0 && request.Etag != prompt.Etag)
            throw Failures.Aborted("The prompt was changed meanwhile.");
        var updated = new Prompt(request.Values ?? prompt) { Name = prompt.Name, Reference = prompt.Reference };
        if (request.UpdateMask.Paths.Contains("delete_time"))
            updated.DeleteTime = prompt.DeleteTime = null;
        return Task.FromResult(new UpdatePromptResponse { Prompt = updated });
    }

    public override Task<InspectPromptResponse> InspectPrompt(InspectPromptRequest request, ServerCallContext context)
    {
        Inspected = request;
        return Task.FromResult(Inspection);
    }

    public override Task<FindSimilarPromptsResponse> FindSimilarPrompts(FindSimilarPromptsRequest request, ServerCallContext context) =>
        Task.FromResult(new FindSimilarPromptsResponse
        {
            Prompts = { Prompts.Take(request.Count).Select(prompt => new PromptSimilarity { Prompt = prompt.Reference, Cosine = 0.5 }) },
        });

    public override Task<DeletePromptResponse> DeletePrompt(DeletePromptRequest request, ServerCallContext context)
    {
        DeleteCalls++;
        return DeleteFailure is null ? Task.FromResult(new DeletePromptResponse { DeletedCount = 2 }) : throw DeleteFailure;
    }

    public override async Task ExportPrompt(
        ExportPromptRequest request, IServerStreamWriter<ExportPromptResponse> responseStream, ServerCallContext context)
    {
        var header = new ExportHeader
        {
            Prompt = Find(request.Prompt),
            Format = request.Format,
            SizeBytes = AnnouncedBytes ?? Content.Length,
            FileName = "export.zip",
        };
        await responseStream.WriteAsync(new ExportPromptResponse { Header = header });
        foreach (var chunk in Content.Chunk(1000))
            await responseStream.WriteAsync(new ExportPromptResponse { Chunk = ByteString.CopyFrom(chunk) });
    }

    public override async Task<ImportPromptResponse> ImportPrompt(
        IAsyncStreamReader<ImportPromptRequest> requestStream, ServerCallContext context)
    {
        using var content = new MemoryStream();
        await foreach (var part in requestStream.ReadAllAsync(context.CancellationToken))
        {
            if (ImportFailure is not null)
                throw ImportFailure;
            Imported = part.Header ?? Imported;
            part.Chunk.WriteTo(content);
        }

        ImportedContent = content.ToArray();
        return new ImportPromptResponse { Prompt = new Prompt { Name = Imported!.Prompt, Reference = $"{Imported.Prompt}@1" } };
    }

    private Prompt Find(string reference) =>
        Prompts.Find(prompt => prompt.Reference == reference || prompt.Name == reference)
        ?? throw Failures.NotFound($"There is no prompt \"{reference}\".");
}
