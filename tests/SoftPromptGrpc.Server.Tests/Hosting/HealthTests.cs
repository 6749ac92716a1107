using Grpc.Core;
using Grpc.Health.V1;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using static Grpc.Health.V1.HealthCheckResponse.Types;

namespace SoftPromptGrpc.Server.Tests.Hosting;

public sealed class HealthTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    private readonly Health.HealthClient _client = new(server.Channel);
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData("softprompt.v1.InferenceService")]
    [InlineData("softprompt.v1.TrainingService")]
    public async Task Watch_ModelsAreLoaded_EndsInServing(string service)
    {
        using var call = _client.Watch(new() { Service = service }, cancellationToken: _ct);

        ServingStatus status;
        do
            status = await NextAsync(call);
        while (status == ServingStatus.NotServing);

        Assert.Equal(ServingStatus.Serving, status);
        Assert.Equal(ServingStatus.Serving, (await _client.CheckAsync(new() { Service = service }, cancellationToken: _ct)).Status);
    }

    [Fact]
    public async Task Check_UnknownService_IsNotFound()
    {
        var error = await Assert.ThrowsAsync<RpcException>(() => _client.CheckAsync(new() { Service = "none" }, cancellationToken: _ct).ResponseAsync);

        Assert.Equal(StatusCode.NotFound, error.StatusCode);
    }

    [Fact]
    public async Task Watch_ServerStops_EndsInNotServing()
    {
        await using var stopping = new ServerFixture();
        using var call = new Health.HealthClient(stopping.Channel).Watch(new(), cancellationToken: _ct);
        while (await NextAsync(call) != ServingStatus.Serving)
        {
        }

        stopping.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();

        Assert.Equal(ServingStatus.NotServing, await NextAsync(call));
        Assert.False(await call.ResponseStream.MoveNext(_ct));
    }

    private async Task<ServingStatus> NextAsync(AsyncServerStreamingCall<HealthCheckResponse> call)
    {
        Assert.True(await call.ResponseStream.MoveNext(_ct));
        return call.ResponseStream.Current.Status;
    }
}
