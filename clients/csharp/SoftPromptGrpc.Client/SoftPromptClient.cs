using Grpc.Core;
using Grpc.Net.Client;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Client;

/// <summary>
/// A typed client. Every call throws <see cref="SoftPromptRpcException"/> when it fails and
/// <see cref="OperationCanceledException"/> when its token is cancelled. Safe for use by many threads at once.
/// </summary>
public sealed partial class SoftPromptClient : IAsyncDisposable
{
    private readonly GrpcChannel _channel;
    private readonly bool _ownsChannel;
    private readonly SoftPromptClientOptions _options;
    private readonly InferenceService.InferenceServiceClient _inference;
    private readonly ModelService.ModelServiceClient _models;
    private readonly PromptService.PromptServiceClient _prompts;
    private readonly TrainingService.TrainingServiceClient _training;

    /// <param name="address">Such as "http://127.0.0.1:50051".</param>
    public SoftPromptClient(string address)
        : this(address, new SoftPromptClientOptions())
    {
    }

    /// <param name="address">Such as "http://127.0.0.1:50051".</param>
    public SoftPromptClient(string address, SoftPromptClientOptions options)
        : this(Open(address, options), options) => _ownsChannel = true;

    /// <param name="channel">
    /// Stays the caller's. Calls are repeated on UNAVAILABLE as its own service config says, not as <paramref name="options"/> do.
    /// </param>
    public SoftPromptClient(GrpcChannel channel, SoftPromptClientOptions options)
    {
        _channel = channel;
        _options = options;
        _inference = new InferenceService.InferenceServiceClient(channel);
        _models = new ModelService.ModelServiceClient(channel);
        _prompts = new PromptService.PromptServiceClient(channel);
        _training = new TrainingService.TrainingServiceClient(channel);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_ownsChannel)
            return;
        await _channel.ShutdownAsync();
        _channel.Dispose();
    }

    private static GrpcChannel Open(string address, SoftPromptClientOptions options)
    {
        var uri = new Uri(address);
        return GrpcChannel.ForAddress(uri, new GrpcChannelOptions
        {
            HttpHandler = new SocketsHttpHandler
            {
                ConnectTimeout = TimeSpan.FromSeconds(10),
                EnableMultipleHttp2Connections = true,
                // A stream that waits for events must notice when the other side is gone.
                KeepAlivePingDelay = TimeSpan.FromSeconds(30),
                KeepAlivePingTimeout = TimeSpan.FromSeconds(15),
                PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
                UseProxy = !uri.IsLoopback,
            },
            DisposeHttpClient = true,
            MaxReceiveMessageSize = options.MaxReceiveMessageSize,
            ServiceConfig = options.ToServiceConfig(),
        });
    }

    private DateTime? Deadline() => _options.Deadline is { } deadline ? TimeProvider.System.GetUtcNow().UtcDateTime + deadline : null;

    private async Task<TResponse> CallAsync<TRequest, TResponse>(
        Func<TRequest, CallOptions, AsyncUnaryCall<TResponse>> method, TRequest request, CancellationToken cancellationToken)
    {
        var deadline = Deadline();
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                using var call = method(request, new CallOptions(deadline: deadline, cancellationToken: cancellationToken));
                return await call.ResponseAsync;
            }
            catch (RpcException exception)
            {
                var error = exception.ToClientException(cancellationToken);
                if (!error.IsRefusedForNow || attempt >= _options.MaxAttempts || IsBefore(deadline, error.RetryDelay!.Value))
                    throw error;
                await Task.Delay(error.RetryDelay.Value, cancellationToken);
            }
        }
    }

    private static bool IsBefore(DateTime? deadline, TimeSpan delay) =>
        deadline < TimeProvider.System.GetUtcNow().UtcDateTime + delay;
}
