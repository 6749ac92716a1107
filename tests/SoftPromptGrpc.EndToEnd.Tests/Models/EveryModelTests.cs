using Grpc.Core;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Fixtures;

namespace SoftPromptGrpc.EndToEnd.Tests.Models;

/// <summary>Every architecture and method through the service: a prompt is trained and answers, from both backends alike.</summary>
public sealed class EveryModelTests(EveryModelTests.Server server) : IClassFixture<EveryModelTests.Server>
{
    private const int Steps = 6;
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public static IReadOnlyList<string> Models { get; } =
        [.. CausalModels.Complete.Concat(EncoderDecoderGoldens.All).Select(row => row.Data)];

    public static MatrixTheoryData<string, string> Cases => new(Models, TrainedMethods.Names);

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task TrainThenInfer_ModelAndMethod_LearnsAndAnswersAlikeFromBothBackends(string model, string method)
    {
        var (losses, prompt) = await TrainAsync(model, method);
        var served = await InferAsync(model, "onnxruntime", prompt);
        var reference = await InferAsync(model, "torch", prompt);

        Assert.Equal(Steps, losses.Count);
        Assert.True(losses[^1] < losses[0], $"{losses[0]} to {losses[^1]}");
        Assert.Equal(reference.TokenIds, served.TokenIds);
        Assert.Equal(4, served.Usage.SoftPromptTokens);
    }

    private async Task<(List<double> Losses, string Prompt)> TrainAsync(string model, string method)
    {
        var spec = new TrainingSpec
        {
            Model = model,
            Prompt = model,
            VirtualTokens = 4,
            Steps = Steps,
            BatchSize = 2,
            Examples = new() { Examples = { Example([5, 6, 7], [8, 9]), Example([10, 11], [8, 9]) } },
            Evaluation = new() { SplitRatio = 0 },
        };
        TrainedMethods.Set(spec, method);
        var client = new TrainingService.TrainingServiceClient(server.Process.Channel);
        var (losses, prompt) = (new List<double>(), "");
        using var call = client.TrainPrompt(new() { Spec = spec }, cancellationToken: _ct);
        await foreach (var response in call.ResponseStream.ReadAllAsync(_ct))
        {
            Assert.Null(response.Event.Failure);
            if (response.Event.Step is { } step)
                losses.Add(step.Loss);
            prompt = response.Event.Result?.Prompt ?? prompt;
        }
        return (losses, prompt);
    }

    private async Task<Generation> InferAsync(string model, string backend, string prompt)
    {
        var response = await new InferenceService.InferenceServiceClient(server.Process.Channel).InferAsync(
            new()
            {
                Model = model,
                Backend = backend,
                Prompt = prompt,
                Input = Ids(5, 6, 7),
                Generation = new() { MaxNewTokens = 8, IgnoreEndOfSequence = true },
            },
            cancellationToken: _ct);
        return response.Generation;
    }

    private static Example Example(uint[] input, uint[] target) => new() { Input = Ids(input), Target = Ids(target) };

    private static Content Ids(params uint[] ids) => new() { TokenIds = new() { Ids = { ids } } };

    public sealed class Server : IAsyncLifetime
    {
        private ServerProcess? _process;

        public ServerProcess Process => _process!;

        public async ValueTask InitializeAsync() => _process = await ServerProcess.StartAsync(
            [.. Models.SelectMany((model, i) => new[] { ($"Models:{i}:Id", model), ($"Models:{i}:Path", CausalModels.DirectoryOf(model)) })]);

        public async ValueTask DisposeAsync()
        {
            if (_process is not null)
                await _process.DisposeAsync();
        }
    }
}
