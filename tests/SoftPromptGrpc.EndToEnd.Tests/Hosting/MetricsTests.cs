using System.Text.RegularExpressions;
using Grpc.Core;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Fixtures;

namespace SoftPromptGrpc.EndToEnd.Tests.Hosting;

/// <summary>What Prometheus finds, and what the dashboard that comes with the server asks it for.</summary>
public sealed partial class MetricsTests
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Metrics_AfterRequestsAndDuringATraining_HaveAllThatTheDashboardShows()
    {
        await using var server = await ServerProcess.StartAsync(
            ("Models:0:Id", "m"), ("Models:0:Path", Goldens.Directory("models/gpt2")), ("Telemetry:MetricsListen", "http://127.0.0.1:0"));
        var inference = new InferenceService.InferenceServiceClient(server.Channel);
        await inference.InferAsync(
            new() { Input = Ids(5, 6), Generation = new() { MaxNewTokens = 3, IgnoreEndOfSequence = true } }, cancellationToken: _ct);
        await Assert.ThrowsAsync<RpcException>(() => inference.InferAsync(new() { Prompt = "none" }, cancellationToken: _ct).ResponseAsync);
        var training = new TrainingService.TrainingServiceClient(server.Channel);
        await TrainAsync(training, steps: 2, response => response.Event.Result is not null);
        await TrainAsync(training, steps: 1_000_000, response => response.Event.Step is not null);

        using var http = new HttpClient();
        var metrics = await http.GetStringAsync(new Uri(new Uri(await server.MetricsAddress.WaitAsync(_ct)), "metrics"), _ct);

        var shown = Metric().Matches(await File.ReadAllTextAsync(Path.Combine(Goldens.Repository, "deploy/grafana/softprompt.json"), _ct));
        Assert.NotEmpty(shown);
        Assert.All(shown.Select(match => match.Value).Distinct(), metric => Assert.Contains($"\n{metric}{{", metrics, StringComparison.Ordinal));
    }

    [Fact]
    public async Task MetricsPort_AnythingElse_IsNotFound_AndTheOtherPortHasNoMetrics()
    {
        await using var server = await ServerProcess.StartAsync(
            ("Models:0:Id", "m"), ("Models:0:Path", Goldens.Directory("models/gpt2")), ("Telemetry:MetricsListen", "http://127.0.0.1:0"));
        using var http = new HttpClient();

        var other = await http.GetAsync(new Uri(new Uri(await server.MetricsAddress.WaitAsync(_ct)), "softprompt.v1.ModelService/ListModels"), _ct);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Address, "metrics"))
        {
            Version = new(2, 0),
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        var metrics = await http.SendAsync(request, _ct);

        Assert.Equal(System.Net.HttpStatusCode.NotFound, other.StatusCode);
        Assert.Equal(System.Net.HttpStatusCode.NotFound, metrics.StatusCode);
    }

    /// <summary>Reads a training's events until one is found; the job then goes on alone.</summary>
    private async Task TrainAsync(TrainingService.TrainingServiceClient training, int steps, Predicate<TrainPromptResponse> until)
    {
        var spec = new TrainingSpec
        {
            Prompt = "p",
            Steps = steps,
            Examples = new() { Examples = { new Example { Input = Ids(5, 6, 7), Target = Ids(8) } } },
        };
        using var call = training.TrainPrompt(new() { Spec = spec }, cancellationToken: _ct);
        while (await call.ResponseStream.MoveNext(_ct))
        {
            if (until(call.ResponseStream.Current))
                return;
        }
        Assert.Fail("The event did not come.");
    }

    private static Content Ids(params uint[] ids) => new() { TokenIds = new() { Ids = { ids } } };

    /// <summary>Every query of the dashboard names its labels, if only as {}.</summary>
    [GeneratedRegex(@"\b[a-z_]+(?=\{)")]
    private static partial Regex Metric();
}
