using Google.Protobuf;
using Grpc.Core;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Client;

internal static class PromptUpload
{
    private const int ChunkSize = 256 * 1024;

    /// <summary>Sends the header, then the content in chunks; stops early when the server has already answered.</summary>
    public static async Task WriteAsync(
        IClientStreamWriter<ImportPromptRequest> requests, ImportHeader header, Stream content, CancellationToken cancellationToken)
    {
        try
        {
            await requests.WriteAsync(new ImportPromptRequest { Header = header }, cancellationToken);
            var buffer = new byte[ChunkSize];
            int count;
            while ((count = await content.ReadAsync(buffer, cancellationToken)) > 0)
            {
                var chunk = ByteString.CopyFrom(buffer, 0, count);
                await requests.WriteAsync(new ImportPromptRequest { Chunk = chunk }, cancellationToken);
            }

            await requests.CompleteAsync();
        }
        catch (Exception exception) when (exception is InvalidOperationException or RpcException)
        {
            // The call is over: awaiting its response tells why.
        }
    }
}
