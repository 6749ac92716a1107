using Google.Protobuf;
using Grpc.Core;

namespace SoftPromptGrpc.Client;

internal static class ChunkedUpload
{
    private const int ChunkSize = 256 * 1024;

    /// <summary>Sends the header, then the content in chunks; stops early when the server has already answered.</summary>
    public static async Task WriteAsync<TRequest>(
        IClientStreamWriter<TRequest> requests, TRequest header, Stream content, Func<ByteString, TRequest> chunk,
        CancellationToken cancellationToken)
    {
        try
        {
            await requests.WriteAsync(header, cancellationToken);
            var buffer = new byte[ChunkSize];
            int count;
            while ((count = await content.ReadAsync(buffer, cancellationToken)) > 0)
                await requests.WriteAsync(chunk(ByteString.CopyFrom(buffer, 0, count)), cancellationToken);
            await requests.CompleteAsync();
        }
        catch (Exception exception) when (exception is InvalidOperationException or RpcException)
        {
            // The call is over: awaiting its response tells why.
        }
    }
}
