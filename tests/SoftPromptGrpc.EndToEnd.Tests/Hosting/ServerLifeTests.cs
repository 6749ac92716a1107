using Grpc.Core;
using Grpc.Health.V1;
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
    public async Task Terminate_WhileAStreamAndATrainingRun_EndsBothAndTheNextServerGoesOn()
    {
        using var data = new DataDirectory();
        (string, string)[] settings =
            [("Models:0:Id", "m"), ("Models:0:Path", Goldens.Stories260K), ("Server:DataDirectory", data.Path), ("Jobs:CheckpointInterval", "1000000")];
        string job;
        await using (var server = await ServerProcess.StartAsync(settings))
        {
            using var health = new Health.HealthClient(server.Channel).Watch(new(), cancellationToken: _ct);
            using var training = new TrainingService.TrainingServiceClient(server.Channel).TrainPrompt(Training(), cancellationToken: _ct);
            while (await training.ResponseStream.MoveNext(_ct) && training.ResponseStream.Current.Event.Step is not { Step: > 5 })
            {
            }
            job = training.ResponseStream.Current.Event.Job;
            var inference = new InferenceService.InferenceServiceClient(server.Channel);
            var first = new TaskCompletionSource();
            var stream = ReadAsync(inference, first);
            await first.Task.WaitAsync(_ct);

            server.Terminate();

            Assert.Equal(HealthCheckResponse.Types.ServingStatus.NotServing, await LastAsync(health));
            var stopped = await Assert.ThrowsAsync<RpcException>(async () =>
            {
                while (await training.ResponseStream.MoveNext(_ct))
                {
                }
            });
            Assert.Equal(StatusCode.Unavailable, stopped.StatusCode);
            Assert.Equal(FinishReason.Length, await stream);
            Assert.Equal(0, await server.EndAsync());
        }
        await using var next = await ServerProcess.StartAsync(settings);
        var client = new TrainingService.TrainingServiceClient(next.Channel);
        using var watch = client.WatchTrainingJob(new() { Job = job }, cancellationToken: _ct);
        var started = new List<JobStarted>();
        while (started.Count < 2 && await watch.ResponseStream.MoveNext(_ct))
        {
            if (watch.ResponseStream.Current.Event.Started is { } start)
                started.Add(start);
        }
        await client.CancelTrainingJobAsync(new() { Job = job }, cancellationToken: _ct);

        Assert.Equal([0, 1], started.Select(start => Math.Min(1, start.FromStep))); // The second one from where the first one stopped.
    }

    [Fact]
    public async Task Infer_PastTheServersRequestTimeout_EndsWhateverItsOwnDeadline()
    {
        await using var server = await ServerProcess.StartAsync(
            ("Models:0:Id", "m"), ("Models:0:Path", Goldens.Stories260K), ("Limits:RequestTimeout", "00:00:00.001"));
        var request = new InferRequest { Input = new() { TokenIds = new() { Ids = { 1 } } }, Generation = new() { MaxNewTokens = 500, IgnoreEndOfSequence = true } };

        var error = await Assert.ThrowsAsync<RpcException>(() =>
            new InferenceService.InferenceServiceClient(server.Channel).InferAsync(request, cancellationToken: _ct).ResponseAsync);

        Assert.Equal(StatusCode.DeadlineExceeded, error.StatusCode);
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

    /// <summary>Far more steps than anybody waits for.</summary>
    private static TrainPromptRequest Training() => new()
    {
        Spec = new()
        {
            Model = "m",
            Prompt = "endless",
            Steps = 1_000_000,
            VirtualTokens = 4,
            Examples = new() { Examples = { new Example { Input = Ids(1, 2, 3), Target = Ids(4) } } },
        },
    };

    private static Content Ids(params uint[] ids) => new() { TokenIds = new() { Ids = { ids } } };

    private async Task<HealthCheckResponse.Types.ServingStatus> LastAsync(AsyncServerStreamingCall<HealthCheckResponse> health)
    {
        var last = HealthCheckResponse.Types.ServingStatus.Unknown;
        await foreach (var response in health.ResponseStream.ReadAllAsync(_ct))
            last = response.Status;
        return last;
    }

    private sealed class DataDirectory : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("softprompt-life-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
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
