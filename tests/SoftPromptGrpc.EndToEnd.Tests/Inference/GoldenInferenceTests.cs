using System.Text.Json;
using Grpc.Core;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Fixtures;

namespace SoftPromptGrpc.EndToEnd.Tests.Inference;

/// <summary>What the reference library computed for real checkpoints, through the whole server.</summary>
public sealed class GoldenInferenceTests(RealServer server)
{
    private readonly InferenceService.InferenceServiceClient _client = new(server.Channel);
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("onnxruntime")]
    [InlineData("torch")]
    public async Task Infer_StoriesFromBosAlone_IsTheGoldenText(string backend)
    {
        RealServer.RequireStories();
        var golden = Read("greedy_from_bos.json");

        var request = Request(RealServer.Stories, [1], 200, backend);
        var answer = (await _client.InferAsync(request, cancellationToken: _ct)).Generation;

        Assert.Equal(Ids(golden.GetProperty("new_ids")), answer.TokenIds);
        Assert.Equal(golden.GetProperty("text").GetString(), answer.Text);
        Assert.Equal(FinishReason.Length, answer.FinishReason);
    }

    [Fact]
    public async Task Infer_StoriesFromText_GivesTheGoldenTokens()
    {
        RealServer.RequireStories();
        foreach (var prompt in Read("goldens.json").GetProperty("prompts").EnumerateArray())
        {
            var text = prompt.GetProperty("text").GetString();
            var request = new InferRequest
            {
                Model = RealServer.Stories,
                Input = new() { Text = text },
                Generation = new() { MaxNewTokens = 100 },
            };
            var answer = (await _client.InferAsync(request, cancellationToken: _ct)).Generation;
            var tokens = await _client.TokenizeAsync(new() { Model = RealServer.Stories, Content = request.Input }, cancellationToken: _ct);

            Assert.Equal(Ids(prompt.GetProperty("input_ids")), tokens.TokenIds);
            Assert.Equal(Ids(prompt.GetProperty("greedy_100_new_ids")), answer.TokenIds);
        }
    }

    [Fact]
    public async Task StreamInfer_Stories_GivesTheSameTextInChunks()
    {
        RealServer.RequireStories();
        using var call = _client.StreamInfer(new() { Request = Request(RealServer.Stories, [1], 200) }, cancellationToken: _ct);

        var chunks = new List<GenerationChunk>();
        await foreach (var response in call.ResponseStream.ReadAllAsync(_ct))
        {
            if (response.Chunk is { } chunk)
                chunks.Add(chunk);
        }

        Assert.Equal(Read("greedy_from_bos.json").GetProperty("text").GetString(), string.Concat(chunks.Select(chunk => chunk.Text)));
        Assert.Equal(200, chunks.Sum(chunk => chunk.TokenIds.Count));
    }

    [Fact]
    public async Task Score_Stories_IsTheGoldenLoss()
    {
        RealServer.RequireStories();
        foreach (var prompt in Read("goldens.json").GetProperty("prompts").EnumerateArray())
        {
            var ids = Ids(prompt.GetProperty("input_ids")).ToArray();
            var scored = await _client.ScoreAsync(
                new() { Model = RealServer.Stories, Input = Content(ids[..1]), Continuations = { Content(ids[1..]) } },
                cancellationToken: _ct);

            Assert.Equal(prompt.GetProperty("loss_on_prompt").GetDouble(), -scored.Continuations[0].MeanLogProbability, 1e-4);
        }
    }

    [Theory]
    [InlineData(RealServer.Llama, "onnxruntime")]
    [InlineData(RealServer.Llama, "torch")]
    [InlineData(RealServer.Gpt2, "onnxruntime")]
    [InlineData(RealServer.Gpt2, "torch")]
    public async Task BatchInfer_RowsOfDifferentLengths_EachGetsItsGoldenTokens(string model, string backend)
    {
        var goldens = new CausalGoldens(model);
        var (rows, greedy) = (goldens.Rows, goldens.Greedy);
        var requests = rows.Append(greedy.StartIds).Select(ids => Request(model, [.. ids.Select(id => (uint)id)], 12, backend));

        var answers = await _client.BatchInferAsync(new() { Requests = { requests } }, cancellationToken: _ct);

        var expected = greedy.Rows.Append(greedy.Plain).Select(ids => string.Join(',', ids));
        Assert.Equal(expected, answers.Rows.Select(row => string.Join(',', row.Generation.TokenIds)));
    }

    [Fact]
    public async Task BatchInfer_SampledRowsBesideStreams_EachGetsWhatItGetsAlone()
    {
        InferRequest[] requests = [.. Enumerable.Range(1, 40).Select(i =>
        {
            var request = Request(RealServer.Llama, [.. Enumerable.Range(i, 1 + i % 17).Select(id => (uint)id)], 5 + i % 20);
            (request.Generation.Temperature, request.Generation.Seed, request.Output) = (1, i, new() { LogProbabilities = true });
            return request;
        })];
        var alone = new List<Generation>();
        foreach (var request in requests)
            alone.Add((await _client.InferAsync(request, cancellationToken: _ct)).Generation);

        var together = (await _client.BatchInferAsync(new() { Requests = { requests } }, cancellationToken: _ct)).Rows;

        for (var i = 0; i < requests.Length; i++)
        {
            Assert.Equal(alone[i].TokenIds, together[i].Generation.TokenIds);
            Assert.Equal(alone[i].Tokens, together[i].Generation.Tokens); // Log-probabilities to the last bit.
        }
    }

    private static InferRequest Request(string model, uint[] ids, int tokens, string backend = "") => new()
    {
        Model = model,
        Backend = backend,
        Input = Content(ids),
        Generation = new() { MaxNewTokens = tokens, IgnoreEndOfSequence = true },
    };

    private static Content Content(uint[] ids) => new() { TokenIds = new() { Ids = { ids } } };

    private static JsonElement Read(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Goldens.Stories260K, file)));
        return document.RootElement.Clone();
    }

    private static IEnumerable<uint> Ids(JsonElement json) => json.EnumerateArray().Select(id => id.GetUInt32());
}
