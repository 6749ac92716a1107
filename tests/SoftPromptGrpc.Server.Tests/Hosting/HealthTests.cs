using Grpc.Core;
using Grpc.Health.V1;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Server.Models;
using SoftPromptGrpc.Server.Tests.Fakes;
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
    [InlineData("softprompt.v1.Model/tiny")]
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

    [Theory]
    [InlineData("none")]
    [InlineData("softprompt.v1.Model/none")]
    public async Task Check_UnknownService_IsNotFound(string service)
    {
        var error = await Assert.ThrowsAsync<RpcException>(
            () => _client.CheckAsync(new() { Service = service }, cancellationToken: _ct).ResponseAsync);

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

    [Fact]
    public async Task Check_WhileAModelLoads_IsNotServingAndRequestsWait()
    {
        var reader = new WaitingReader();
        await using var loading = new LoadingServer(reader);
        var health = new Health.HealthClient(loading.Channel);
        var inference = new InferenceService.InferenceServiceClient(loading.Channel);
        var models = new ModelService.ModelServiceClient(loading.Channel);
        using var call = inference.TokenizeAsync(
            new() { Model = ServerFixture.Model, Content = new() { Text = "a" } }, cancellationToken: _ct);

        Assert.Equal(ServingStatus.NotServing, (await health.CheckAsync(new(), cancellationToken: _ct)).Status);
        Assert.Equal(ServingStatus.NotServing, await StatusAsync(health, "softprompt.v1.Model/tiny"));
        var model = await models.GetModelAsync(new() { Model = ServerFixture.Model }, cancellationToken: _ct);
        Assert.Equal(Contracts.V1.ModelState.Loading, model.Model.State);
        Assert.False(call.ResponseAsync.IsCompleted);

        reader.Gate.SetResult();
        Assert.Equal(2, (await call.ResponseAsync).TokenIds.Count);
        using var watch = health.Watch(new(), cancellationToken: _ct);
        while (await NextAsync(watch) != ServingStatus.Serving)
        {
        }
    }

    [Fact]
    public async Task Check_OneModelFailsToLoad_IsNotServingForThatModelAlone()
    {
        await using var half = new HalfServer();
        var health = new Health.HealthClient(half.Channel);
        using var watch = health.Watch(new(), cancellationToken: _ct);
        while (await NextAsync(watch) != ServingStatus.Serving)
        {
        }

        Assert.Equal(ServingStatus.Serving, await StatusAsync(health, "softprompt.v1.Model/tiny"));
        Assert.Equal(ServingStatus.NotServing, await StatusAsync(health, "softprompt.v1.Model/tiny-ids"));
    }

    private async Task<ServingStatus> StatusAsync(Health.HealthClient health, string service) =>
        (await health.CheckAsync(new() { Service = service }, cancellationToken: _ct)).Status;

    private sealed class HalfServer : ServerFixture
    {
        protected override void ConfigureServices(IServiceCollection services) => services.AddSingleton<IModelReader>(new HalfReader());
    }

    private sealed class HalfReader : IModelReader
    {
        public Task<BaseModel> ReadAsync(string id, string path, CancellationToken cancellationToken) =>
            id == ServerFixture.Model
                ? Task.FromResult(FakeModels.Create(id))
                : throw new SoftPromptException(ErrorKind.Corrupt, "The checkpoint is broken.");
    }

    private sealed class LoadingServer(WaitingReader reader) : ServerFixture
    {
        protected override void ConfigureServices(IServiceCollection services) => services.AddSingleton<IModelReader>(reader);
    }

    private sealed class WaitingReader : IModelReader
    {
        public TaskCompletionSource Gate { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async Task<BaseModel> ReadAsync(string id, string path, CancellationToken cancellationToken)
        {
            await Gate.Task;
            return FakeModels.Create(id);
        }
    }

    private async Task<ServingStatus> NextAsync(AsyncServerStreamingCall<HealthCheckResponse> call)
    {
        Assert.True(await call.ResponseStream.MoveNext(_ct));
        return call.ResponseStream.Current.Status;
    }
}
