using Google.Protobuf;
using Grpc.Core;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.EndToEnd.Tests.Training;

/// <summary>Every method through the service: trained, listed, then all of them and none in one batch, on both backends.</summary>
public sealed class EveryMethodTests(RealServer server)
{
    private const int Steps = 30;
    private const int VirtualTokens = 6;

    private static readonly PromptMethod[] Methods =
    [
        PromptMethod.PromptTuning, PromptMethod.PTuning, PromptMethod.PrefixTuning, PromptMethod.MultitaskPromptTuning, PromptMethod.Cartridge,
    ];

    private readonly TrainingService.TrainingServiceClient _training = new(server.Channel);
    private readonly PromptService.PromptServiceClient _prompts = new(server.Channel);
    private readonly InferenceService.InferenceServiceClient _inference = new(server.Channel);
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public static TheoryData<string> Models => [RealServer.Gpt2, RealServer.Llama];

    [Theory]
    [MemberData(nameof(Models))]
    public async Task TrainThenInfer_EveryMethodInOneBatch_EachAsAloneAndAlikeOnBothBackends(string model)
    {
        var prompts = new List<string> { "" };
        foreach (var method in Methods)
            prompts.Add(await TrainAsync(model, method));

        var together = (await _inference.BatchInferAsync(
            new() { Requests = { prompts.Select(prompt => Request(model, prompt, "onnxruntime")) } }, cancellationToken: _ct)).Rows;

        Assert.Equal([0, .. Methods.Select(_ => VirtualTokens)], together.Select(row => row.Generation.Usage.SoftPromptTokens));
        for (var i = 0; i < prompts.Count; i++)
        {
            foreach (var backend in (string[])["onnxruntime", "torch"])
            {
                var alone = (await _inference.InferAsync(Request(model, prompts[i], backend), cancellationToken: _ct)).Generation;
                Assert.Equal(alone.TokenIds, together[i].Generation.TokenIds);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public async Task Export_ThenImport_AnswersTheSame(string model)
    {
        foreach (var method in Methods)
        {
            var trained = await TrainAsync(model, method);
            var imported = await ImportAsync(model, $"{model}-{method}-again", await ExportAsync(trained));

            var (before, after) = (Request(model, trained, ""), Request(model, imported.Reference, ""));
            Assert.Equal(
                (await _inference.InferAsync(before, cancellationToken: _ct)).Generation.TokenIds,
                (await _inference.InferAsync(after, cancellationToken: _ct)).Generation.TokenIds);
            Assert.Equal((method, await HashAsync(trained)), (imported.Method, imported.ContentHash));
        }
    }

    private async Task<string> TrainAsync(string model, PromptMethod method)
    {
        var spec = new TrainingSpec
        {
            Model = model,
            Prompt = $"{model}-{method}",
            Method = method,
            VirtualTokens = VirtualTokens,
            Steps = Steps,
            BatchSize = 2,
            Optimizer = new() { LearningRate = 0.05 },
            Examples = new() { Examples = { Example([5, 6, 7], [8, 9]), Example([10, 11], [8, 9]) } },
            Evaluation = new() { SplitRatio = 0 },
            AppendEndOfSequence = false,
        };
        var events = new List<TrainingEvent>();
        using var call = _training.TrainPrompt(new() { Spec = spec }, cancellationToken: _ct);
        await foreach (var response in call.ResponseStream.ReadAllAsync(_ct))
            events.Add(response.Event);
        Assert.True(events[^1].Result is not null, events[^1].ToString());
        double[] losses = [.. events.Where(e => e.Step is not null).Select(e => e.Step.Loss)];
        Assert.Equal(Steps, losses.Length);
        Assert.True(losses[^1] < losses[0] / 2, $"{method}: {losses[0]} to {losses[^1]}");
        var name = events[^1].Result.Prompt;
        var prompt = (await _prompts.GetPromptAsync(new() { Prompt = name }, cancellationToken: _ct)).Prompt;
        Assert.Equal((method, VirtualTokens), (prompt.Method, prompt.VirtualTokens));
        return name;
    }

    private static InferRequest Request(string model, string prompt, string backend) => new()
    {
        Model = model,
        Prompt = prompt,
        Backend = backend,
        Input = Ids(5, 6, 7),
        Generation = new() { MaxNewTokens = 8, IgnoreEndOfSequence = true },
    };

    private async Task<byte[]> ExportAsync(string prompt)
    {
        using var call = _prompts.ExportPrompt(new() { Prompt = prompt }, cancellationToken: _ct);
        using var zip = new MemoryStream();
        await foreach (var part in call.ResponseStream.ReadAllAsync(_ct))
            part.Chunk?.WriteTo(zip);
        return zip.ToArray();
    }

    private async Task<Prompt> ImportAsync(string model, string name, byte[] zip)
    {
        using var call = _prompts.ImportPrompt(cancellationToken: _ct);
        await call.RequestStream.WriteAsync(new() { Header = new() { Model = model, Prompt = name } }, _ct);
        await call.RequestStream.WriteAsync(new() { Chunk = ByteString.CopyFrom(zip) }, _ct);
        await call.RequestStream.CompleteAsync();
        return (await call).Prompt;
    }

    private async Task<string> HashAsync(string prompt) =>
        (await _prompts.GetPromptAsync(new() { Prompt = prompt }, cancellationToken: _ct)).Prompt.ContentHash;

    private static Example Example(uint[] input, uint[] target) => new() { Input = Ids(input), Target = Ids(target) };

    private static Content Ids(params uint[] ids) => new() { TokenIds = new() { Ids = { ids } } };
}
