using Grpc.Core;
using Grpc.Core.Interceptors;

namespace SoftPromptGrpc.Server.Grpc;

/// <summary>Turns what a method throws into a status; the only place that does.</summary>
internal sealed class ErrorInterceptor(TimeProvider time, ILogger<ErrorInterceptor> logger) : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(request, context);
        }
        catch (Exception exception)
        {
            throw ToRpcException(exception, context);
        }
    }

    public override async Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        ServerCallContext context,
        ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(requestStream, context);
        }
        catch (Exception exception)
        {
            throw ToRpcException(exception, context);
        }
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(request, responseStream, context);
        }
        catch (Exception exception)
        {
            throw ToRpcException(exception, context);
        }
    }

    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            await continuation(requestStream, responseStream, context);
        }
        catch (Exception exception)
        {
            throw ToRpcException(exception, context);
        }
    }

    private RpcException ToRpcException(Exception exception, ServerCallContext context)
    {
        if (context.CancellationToken.IsCancellationRequested && IsEndOfCall(exception))
        {
            var isLate = context.Deadline <= time.GetUtcNow();
            return (isLate ? ErrorStatus.DeadlineExceeded() : ErrorStatus.Of(new OperationCanceledException())).ToRpcException();
        }
        if (ErrorStatus.IsDefect(exception))
            logger.CallFailed(exception, context.Method);
        return ErrorStatus.Of(exception).ToRpcException();
    }

    /// <summary>What reads and writes throw once the caller has gone.</summary>
    private static bool IsEndOfCall(Exception exception) =>
        exception is OperationCanceledException or IOException or InvalidOperationException;
}
