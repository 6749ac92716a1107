using System.Runtime.CompilerServices;
using Grpc.Core;

namespace SoftPromptGrpc.Client;

internal static class ResponseStreams
{
    /// <summary>The call's responses; disposes of the call at the end.</summary>
    public static async IAsyncEnumerable<T> ReadAsync<T>(
        this AsyncServerStreamingCall<T> call, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using (call)
        {
            while (await call.ResponseStream.NextAsync(cancellationToken))
                yield return call.ResponseStream.Current;
        }
    }

    private static async Task<bool> NextAsync<T>(this IAsyncStreamReader<T> stream, CancellationToken cancellationToken)
    {
        try
        {
            return await stream.MoveNext(cancellationToken);
        }
        catch (RpcException exception)
        {
            throw exception.ToClientException(cancellationToken);
        }
    }
}
