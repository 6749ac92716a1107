using Google.Rpc;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Server.Tests.Fakes;

namespace SoftPromptGrpc.Server.Tests.Grpc;

public sealed class ErrorInterceptorTests(ErrorInterceptorTests.Server server) : IClassFixture<ErrorInterceptorTests.Server>
{
    private static readonly InferRequest Request = new() { Model = ServerFixture.Model, Input = new() { Text = "secret text" } };
    private readonly InferenceService.InferenceServiceClient _client = new(server.Channel);
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Defect_InACall_IsInternalAndLoggedOnceWithoutText()
    {
        server.Logged.Clear();
        server.Backend.Stepping = _ => throw new InvalidOperationException("broken at /secret/path");

        var error = await Assert.ThrowsAsync<RpcException>(() => _client.InferAsync(Request, cancellationToken: _ct).ResponseAsync);

        Assert.Equal((StatusCode.Internal, "Internal error."), (error.StatusCode, error.Status.Detail));
        Assert.Equal("INTERNAL", error.GetRpcStatus()!.GetDetail<ErrorInfo>().Reason);
        var (level, message) = Assert.Single(server.Logged.All, entry => entry.Level >= LogLevel.Warning);
        Assert.Equal((LogLevel.Error, "/softprompt.v1.InferenceService/Infer failed."), (level, message));
        Assert.DoesNotContain(server.Logged.All, entry => entry.Message.Contains("secret text", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Defect_InOneRow_IsInternalThereAndLogged()
    {
        server.Logged.Clear();
        server.Backend.Stepping = _ => throw new InvalidOperationException("broken");

        var row = (await _client.BatchInferAsync(new() { Requests = { new[] { Request } } }, cancellationToken: _ct)).Rows.Single();

        Assert.Equal((13, "Internal error."), (row.Error.Code, row.Error.Message));
        Assert.Single(server.Logged.All, entry => entry.Level == LogLevel.Error);
    }

    [Fact]
    public async Task Cancel_AStream_FreesItsPlaceAndLogsNoError()
    {
        server.Logged.Clear();
        var gate = new StepGate();
        server.Backend.Stepping = gate.Pass;
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(_ct);
        var endless = new InferRequest(Request) { Generation = new() { IgnoreEndOfSequence = true } };
        using var call = _client.StreamInfer(new() { Request = endless }, cancellationToken: cancellation.Token);
        gate.Allow(2);
        await gate.Reached(2);
        var ended = server.Ended.Task;

        await cancellation.CancelAsync();
        var error = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await call.ResponseStream.MoveNext(_ct))
            {
            }
        });
        await ended.WaitAsync(_ct);
        gate.Open();
        await _client.InferAsync(new(Request) { Generation = new() { MaxNewTokens = 1 } }, cancellationToken: _ct);

        Assert.Equal(StatusCode.Cancelled, error.StatusCode);
        Assert.InRange(gate.Steps.Count, 1, 6);
        Assert.DoesNotContain(server.Logged.All, entry => entry.Level >= LogLevel.Warning);
    }

    public sealed class Server : ServerFixture
    {
        internal LogRecorder Logged { get; } = new();

        /// <summary>Completes when a stream's method has ended on the server.</summary>
        internal TaskCompletionSource Ended { get; } = new();

        protected override void ConfigureServices(IServiceCollection services)
        {
            services.AddSingleton<ILoggerProvider>(Logged);
            services.AddGrpc(grpc => grpc.Interceptors.Add<EndOfStream>(Ended));
        }
    }

    internal sealed class EndOfStream(TaskCompletionSource ended) : global::Grpc.Core.Interceptors.Interceptor
    {
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
            finally
            {
                ended.TrySetResult();
            }
        }
    }
}
