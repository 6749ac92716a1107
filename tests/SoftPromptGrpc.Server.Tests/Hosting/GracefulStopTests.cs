using Google.Rpc;
using Grpc.Core;
using Grpc.Health.V1;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Server.Hosting;
using SoftPromptGrpc.Server.Tests.Fakes;
using static Grpc.Health.V1.HealthCheckResponse.Types;

namespace SoftPromptGrpc.Server.Tests.Hosting;

public sealed class GracefulStopTests
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Stop_WhileAStreamRuns_RefusesNewCallsAndLetsItEnd()
    {
        var gate = new StepGate();
        await using var server = new ServerFixture();
        server.Backend.Stepping = gate.Pass;
        var client = new InferenceService.InferenceServiceClient(server.Channel);
        var request = new InferRequest { Model = ServerFixture.Model, Input = new() { Text = "a" }, Generation = new() { IgnoreEndOfSequence = true, MaxNewTokens = 8 } };
        using var call = client.StreamInfer(new() { Request = request }, cancellationToken: _ct);
        gate.Allow(3);
        await gate.Reached(3);

        server.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        var health = await new Health.HealthClient(server.Channel).CheckAsync(new(), cancellationToken: _ct);
        var refused = await Assert.ThrowsAsync<RpcException>(() => client.InferAsync(request, cancellationToken: _ct).ResponseAsync);
        gate.Open();
        var last = default(StreamInferResponse);
        await foreach (var response in call.ResponseStream.ReadAllAsync(_ct))
            last = response;

        Assert.Equal(ServingStatus.NotServing, health.Status);
        Assert.Equal((StatusCode.Unavailable, "SERVER_STOPPING"), (refused.StatusCode, refused.GetRpcStatus()?.GetDetail<ErrorInfo>()?.Reason));
        Assert.Equal(FinishReason.Length, last?.Finish.FinishReason);
    }

    [Fact]
    public void Close_CallsUnderWay_CompletesWithTheLast()
    {
        var calls = new CallsUnderWay();
        Assert.True(calls.TryEnter() && calls.TryEnter());

        var ended = calls.Close();

        Assert.False(calls.TryEnter());
        calls.Leave();
        Assert.False(ended.IsCompleted);
        calls.Leave();
        Assert.True(ended.IsCompletedSuccessfully);
    }

    [Fact]
    public void Close_NoCalls_CompletesAtOnce() => Assert.True(new CallsUnderWay().Close().IsCompletedSuccessfully);
}
