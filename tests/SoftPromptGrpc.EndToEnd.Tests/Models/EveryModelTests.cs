using Grpc.Core;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Fixtures;

namespace SoftPromptGrpc.EndToEnd.Tests.Models;

/// <summary>Every architecture through the service: a prompt is trained on it and answers, from both backends alike.</summary>
public sealed class EveryModelTests(EveryModelTests.Server server) : IClassFixture<EveryModelTests.Server>
{
    private const int Steps = 12;
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public static TheoryData<string> Models =>
        [.. CausalModels.Complete.Concat(EncoderDecoderGoldens.All).Select(row => row.Data)];

    [Theory]
    [MemberData(nameof(Models))]
    public async Task TrainThenInfer_Model_LearnsAndAnswersAlikeFromBothBackends(string model)
    {
        var losses = await TrainAsync(model);
        var served = await InferAsync(model, "onnxruntime", model);
        var reference = await InferAsync(model, "torch", model);
        var without = await InferAsync(model, "onnxruntime", "");

        Assert.Equal(Steps, losses.Count);
        Assert.True(losses[^1] < losses[0], $"{losses[0]} to {losses[^1]}");
        Assert.Equal(reference.TokenIds, served.TokenIds);
        Assert.Equal((4, 0), (served.Usage.SoftPromptTokens, without.Usage.SoftPromptTokens));
    }

    private async Task<List<double>> TrainAsync(string model)
    {
        var spec = new TrainingSpec
        {
            Model = model,
            Prompt = model,
            VirtualTokens = 4,
            Steps = Steps,
            BatchSize = 2,
            Optimizer = new() { LearningRate = 0.1 },
            Examples = new() { Examples = { Example([5, 6, 7], [8, 9]), Example([10, 11], [8, 9]) } },
            Evaluation = new() { SplitRatio = 0 },
        };
        var client = new TrainingService.TrainingServiceClient(server.Process.Channel);
        var losses = new List<double>();
        using var call = client.TrainPrompt(new() { Spec = spec }, cancellationToken: _ct);
        await foreach (var response in call.ResponseStream.ReadAllAsync(_ct))
        {
            Assert.Null(response.Event.Failure);
            if (response.Event.Step is { } step)
                losses.Add(step.Loss);
        }
        return losses;
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
            [.. Models.SelectMany((row, i) => new[] { ($"Models:{i}:Id", row.Data), ($"Models:{i}:Path", CausalModels.DirectoryOf(row.Data)) })]);

        public async ValueTask DisposeAsync()
        {
            if (_process is not null)
                await _process.DisposeAsync();
        }
    }
}
