using Grpc.Core;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Fixtures;

namespace SoftPromptGrpc.EndToEnd.Tests.Hosting;

/// <summary>Starting and stopping, as the operating system sees it.</summary>
public sealed class ServerLifeTests
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("00:00:00", FinishReason.Cancelled)]
    [InlineData("00:05:00", FinishReason.Length)]
    public async Task Terminate_WhileAStreamRuns_GivesItTheGracePeriod(string grace, FinishReason expected)
    {
        await using var server = await ServerProcess.StartAsync(
            ("Models:0:Id", "m"), ("Models:0:Path", Goldens.Stories260K), ("Server:ShutdownGrace", grace));
        var request = new InferRequest
        {
            Input = new() { TokenIds = new() { Ids = { 1 } } },
            Generation = new() { MaxNewTokens = 511, IgnoreEndOfSequence = true },
            Backend = "torch",
        };
        using var call = new InferenceService.InferenceServiceClient(server.Channel).StreamInfer(new() { Request = request }, cancellationToken: _ct);
        Assert.True(await call.ResponseStream.MoveNext(_ct));

        server.Terminate();

        var finish = default(GenerationFinish);
        await foreach (var response in call.ResponseStream.ReadAllAsync(_ct))
            finish = response.Finish;
        Assert.Equal(expected, finish?.FinishReason);
        Assert.Equal(0, await server.EndAsync());
    }

    [Fact]
    public async Task Start_WrongConfiguration_EndsWithOneLine()
    {
        var (exitCode, errors) = await ServerProcess.RunAsync(("Models:0:Id", "m"), ("Models:0:Path", "/no/such/place"));

        Assert.Equal(78, exitCode);
        Assert.Equal("The configuration is wrong: Models:0:Path: there is no such directory.", errors);
    }

    [Fact]
    public async Task Start_UnknownBackend_EndsWithOneLine()
    {
        var (exitCode, errors) = await ServerProcess.RunAsync(
            ("Models:0:Id", "m"), ("Models:0:Path", Path.GetTempPath()), ("Inference:Backend", "none"));

        Assert.Equal(78, exitCode);
        Assert.Equal("The configuration is wrong: Inference:Backend: there is no inference backend of this name.", errors);
    }

    [Fact]
    public async Task Start_BrokenCheckpoint_ServesOnAndSaysSo()
    {
        await using var server = await ServerProcess.StartAsync(("Models:0:Id", "m"), ("Models:0:Path", Path.GetTempPath()));

        var error = await Assert.ThrowsAsync<RpcException>(() => new InferenceService.InferenceServiceClient(server.Channel)
            .InferAsync(new() { Input = new() { Text = "a" } }, cancellationToken: _ct).ResponseAsync);
        var model = await new ModelService.ModelServiceClient(server.Channel).GetModelAsync(new() { Model = "m" }, cancellationToken: _ct);

        Assert.Equal(StatusCode.FailedPrecondition, error.StatusCode);
        Assert.Equal(ModelState.Failed, model.Model.State);
        Assert.NotEmpty(model.Model.StateMessage);
    }
}
