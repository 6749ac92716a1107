using Grpc.Core;

namespace SoftPromptGrpc.Client;

internal static class RpcExceptionExtensions
{
    /// <exception cref="OperationCanceledException">The caller cancelled; that is no failure of the call.</exception>
    public static SoftPromptRpcException ToClientException(this RpcException exception, CancellationToken cancellationToken) =>
        exception.StatusCode == StatusCode.Cancelled && cancellationToken.IsCancellationRequested
            ? throw new OperationCanceledException(exception.Status.Detail, exception, cancellationToken)
            : new SoftPromptRpcException(exception);
}
