using Grpc.Core;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Server.Prompts;

namespace SoftPromptGrpc.Server.Grpc;

/// <summary>An adapter as it comes in: the header first, then chunks, up to a limit.</summary>
internal sealed record AdapterUpload(ImportSettings Settings, ReadOnlyMemory<byte> Content)
{
    /// <exception cref="SoftPromptException"><see cref="ErrorKind.Invalid"/>: the header, the order or the size.</exception>
    public static async Task<AdapterUpload> ReadAsync(
        IAsyncStreamReader<ImportPromptRequest> messages, int maxBytes, int maxChunkBytes, CancellationToken cancellationToken)
    {
        if (!await messages.MoveNext(cancellationToken) || messages.Current.PartCase != ImportPromptRequest.PartOneofCase.Header)
            throw Invalid("header", "must be in the first message");
        var settings = messages.Current.Header.ToSettings();
        using var content = new MemoryStream();
        while (await messages.MoveNext(cancellationToken))
        {
            if (messages.Current.PartCase != ImportPromptRequest.PartOneofCase.Chunk)
                throw Invalid("chunk", "must be in every message after the first");
            var chunk = messages.Current.Chunk;
            if (chunk.Length > maxChunkBytes)
                throw Invalid("chunk", $"must have at most {maxChunkBytes} bytes, not {chunk.Length}");
            if (content.Length + chunk.Length > maxBytes)
                throw Invalid("chunk", $"must bring the adapter to at most {maxBytes} bytes");
            content.Write(chunk.Span);
        }
        return new AdapterUpload(settings, content.ToArray());
    }

    private static SoftPromptException Invalid(string field, string description) => new([new Core.FieldViolation(field, description)]);
}
