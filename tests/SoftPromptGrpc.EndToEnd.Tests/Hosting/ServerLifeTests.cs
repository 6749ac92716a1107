using Grpc.Core;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Fixtures;

namespace SoftPromptGrpc.EndToEnd.Tests.Hosting;

/// <summary>Starting and stopping, as the operating system sees it.</summary>
public sealed class ServerLifeTests
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("00:00:00", true)]
    [InlineData("00:05:00", false)]
    public async Task Terminate_WhileStreamsRun_GivesThemTheGracePeriod(string grace, bool areCancelled)
    {
        await using var server = await ServerProcess.StartAsync(
            ("Models:0:Id", "m"), ("Models:0:Path", Goldens.Stories260K), ("Server:ShutdownGrace", grace));
        var client = new InferenceService.InferenceServiceClient(server.Channel);
        var first = new TaskCompletionSource();
        Task<FinishReason>[] streams = [.. Enumerable.Range(0, 32).Select(_ => ReadAsync(client, first))];
        await first.Task.WaitAsync(_ct);

        server.Terminate();

        var reasons = await Task.WhenAll(streams);
        Assert.Equal(areCancelled, reasons.Contains(FinishReason.Cancelled));
        Assert.All(reasons, reason => Assert.True(reason is FinishReason.Length or FinishReason.Cancelled));
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

    /// <summary>32 of these take a second or more: far longer than it takes to ask a process to stop.</summary>
    private async Task<FinishReason> ReadAsync(InferenceService.InferenceServiceClient client, TaskCompletionSource first)
    {
        var request = new InferRequest
        {
            Input = new() { TokenIds = new() { Ids = { 1 } } },
            Generation = new() { MaxNewTokens = 500, IgnoreEndOfSequence = true },
        };
        using var call = client.StreamInfer(new() { Request = request }, cancellationToken: _ct);
        var finish = default(GenerationFinish);
        await foreach (var response in call.ResponseStream.ReadAllAsync(_ct))
        {
            first.TrySetResult();
            finish = response.Finish;
        }
        return finish?.FinishReason ?? FinishReason.Unspecified;
    }
}
