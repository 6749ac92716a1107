using System.Runtime.CompilerServices;
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
    private readonly DatasetService.DatasetServiceClient _datasets;
    private readonly InferenceService.InferenceServiceClient _inference;
    private readonly ModelService.ModelServiceClient _models;
    private readonly PromptService.PromptServiceClient _prompts;
    private readonly TrainingService.TrainingServiceClient _training;

    /// <param name="address">Such as "http://127.0.0.1:50051".</param>
    public SoftPromptClient(string address)
        : this(address, new SoftPromptClientOptions())
    {
    }

    /// <param name="address">Such as "https://prompts.example:50051".</param>
    /// <exception cref="ArgumentException">A key or token would go over the network for everybody to read.</exception>
    public SoftPromptClient(string address, SoftPromptClientOptions options)
        : this(Connection.Open(address, options), options) => _ownsChannel = true;

    /// <param name="channel">
    /// Stays the caller's. Credentials, TLS and the repetition of calls on UNAVAILABLE are its own, not those of <paramref name="options"/>.
    /// </param>
    public SoftPromptClient(GrpcChannel channel, SoftPromptClientOptions options)
    {
        _channel = channel;
        _options = options;
        _datasets = new DatasetService.DatasetServiceClient(channel);
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

    /// <summary>A call's responses. It is made again where it was refused for now before there were any.</summary>
    private async IAsyncEnumerable<TResponse> StreamAsync<TResponse>(
        Func<AsyncServerStreamingCall<TResponse>> open, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            await using var responses = open().ReadAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
            TimeSpan? delay = null;
            try
            {
                if (!await responses.MoveNextAsync())
                    yield break;
            }
            catch (SoftPromptRpcException error) when (error.IsRefusedForNow && attempt < _options.MaxAttempts)
            {
                delay = error.RetryDelay;
            }
            if (delay is null)
            {
                do
                    yield return responses.Current;
                while (await responses.MoveNextAsync());
                yield break;
            }
            await Task.Delay(delay.Value, cancellationToken);
        }
    }

    private static bool IsBefore(DateTime? deadline, TimeSpan delay) =>
        deadline < TimeProvider.System.GetUtcNow().UtcDateTime + delay;
}
