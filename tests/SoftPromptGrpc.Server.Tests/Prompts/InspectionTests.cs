using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Server.Models;
using SoftPromptGrpc.Server.Prompts;
using SoftPromptGrpc.Server.Tests.Fakes;
using Client = SoftPromptGrpc.Contracts.V1.PromptService.PromptServiceClient;
using PromptMethod = SoftPromptGrpc.Core.Prompts.PromptMethod;
using TextTemplate = SoftPromptGrpc.Core.Prompts.TextTemplate;

namespace SoftPromptGrpc.Server.Tests.Prompts;

/// <summary>Held to plain loops over the same numbers.</summary>
public sealed class InspectionTests(InspectionTests.WithEmbeddings server) : IClassFixture<InspectionTests.WithEmbeddings>
{
    private readonly Client _client = new(server.Channel);
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    /// <summary>Models whose tokens have embeddings, where <see cref="ServerFixture"/>'s are zeros.</summary>
    public sealed class WithEmbeddings : ServerFixture
    {
        protected override void ConfigureServices(IServiceCollection services) => services.AddSingleton<IModelReader, Reader>();

        private sealed class Reader : IModelReader
        {
            public Task<BaseModel> ReadAsync(string id, string path, CancellationToken cancellationToken) =>
                Task.FromResult(FakeModels.Create(id) with { Weights = new Embeddings() });
        }
    }

    [Fact]
    public async Task Inspect_SoftPrompt_IsWhatPlainLoopsFind()
    {
        float[][] rows = [[0.3f, -1, 2, 0.1f], [1, 1, 1, 1], [2.01f, 2, 2, 2], [0, 0, 0, 0]];
        await AddAsync("rows", rows);

        var answer = await _client.InspectPromptAsync(new() { Prompt = "rows", NearestCount = 3 }, cancellationToken: _ct);

        var vocabulary = Enumerable.Range(0, FakeTokenizer.Size).Select(Embedding).ToArray();
        foreach (var (row, token) in rows.Zip(answer.VirtualTokens).Take(3))
        {
            int[] expected = [.. Enumerable.Range(0, vocabulary.Length).OrderByDescending(id => Cosine(row, vocabulary[id])).Take(3)];
            Assert.Equal(expected, token.Nearest.Select(near => (int)near.TokenId));
            Assert.All(token.Nearest, near => Assert.Equal(Cosine(row, vocabulary[near.TokenId]), near.Cosine, 1e-9));
            Assert.All(token.Nearest, near => Assert.Equal(Distance(row, vocabulary[near.TokenId]), near.Distance, 1e-9));
            Assert.All(token.Nearest, near => Assert.Equal(new FakeTokenizer().TokenOf((int)near.TokenId), near.Token));
            Assert.Equal(Distance(row, new float[4]), token.Norm, 1e-9);
        }
        Assert.Equal([-1, 2, 1, -1], answer.VirtualTokens.Select(token => token.DuplicateOf));
        double[] norms = [.. vocabulary.Select(token => Distance(token, new float[4]))];
        Assert.Equal(norms.Min(), answer.VocabularyNorms.Min, 1e-5);
        Assert.Equal(norms.Average(), answer.VocabularyNorms.Mean, 1e-5);
        Assert.Equal(norms.Max(), answer.VocabularyNorms.Max, 1e-5);
        Assert.Equal(0, answer.PromptNorms.Min);
        Assert.Contains("Khashabi", answer.Caveat, StringComparison.Ordinal);
        Assert.Null(answer.SoftMetrics);
        Assert.False(answer.VirtualTokens[0].HasImportance);
    }

    [Fact]
    public async Task Inspect_OnExamples_IsWhatEachVariantScoresAlone()
    {
        float[][] rows = [[1, 2, 3, 4], [-1, 0, 2, 1], [0.5f, 0.5f, 0, 1]];
        await AddAsync("measured", rows);
        var examples = new InspectionExamples { Inputs = { Text("a"), Text("bc") }, Targets = { Text("yes"), Text("n") } };

        var answer = await _client.InspectPromptAsync(new() { Prompt = "measured", Examples = examples }, cancellationToken: _ct);

        var soft = SlowLoss(Prompt(rows));
        double[] without = [.. Enumerable.Range(0, 3).Select(i => SlowLoss(Prompt([.. rows.Where((_, row) => row != i)])) - soft)];
        float[][] nearest =
        [
            .. rows.Select(row => Enumerable.Range(0, FakeTokenizer.Size).Select(Embedding).MaxBy(token => Cosine(row, token))!),
        ];
        Assert.Equal(soft, answer.SoftMetrics.Loss, 1e-9);
        Assert.Equal(2, answer.SoftMetrics.ExampleCount);
        Assert.All(answer.VirtualTokens, token => Assert.Equal(without[token.Index], token.Importance, 1e-9));
        Assert.Equal(SlowLoss(Prompt(nearest)), answer.ProjectedMetrics.Loss, 1e-9);
    }

    [Fact]
    public async Task Inspect_Prefix_HasNoNearestTokens()
    {
        float[] values = [1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 8, 5, 6, 7, 8];
        await AddAsync("prefix", new KeyValuePrefix(1, 1, 2, 4, values, FakeModels.FingerprintOf(ServerFixture.Model)));

        var answer = await _client.InspectPromptAsync(new() { Prompt = "prefix" }, cancellationToken: _ct);

        Assert.All(answer.VirtualTokens, token => Assert.Empty(token.Nearest));
        Assert.All(answer.VirtualTokens, token => Assert.Equal(Math.Sqrt(204), token.Norm, 1e-9));
        Assert.Equal([1, 0], answer.VirtualTokens.Select(token => token.DuplicateOf));
        Assert.Null(answer.VocabularyNorms);
        Assert.Empty(answer.Caveat);
    }

    [Fact]
    public async Task FindSimilar_NewestOfEachName_TheMostAlikeFirst()
    {
        await AddAsync("similar", [9, 0, 0, 1], [9, 0, 0, -1]);
        await AddAsync("near", [1, 0.1f, 0, 0]);
        await AddAsync("far", [1, 0, 0, 0]);
        await AddAsync("far", [-1, 0, 0, 0]);
        await AddAsync("of-keys", new KeyValuePrefix(1, 1, 1, 4, new float[8], FakeModels.FingerprintOf(ServerFixture.Model)));

        var found = (await _client.FindSimilarPromptsAsync(new() { Prompt = "similar", Count = 100 }, cancellationToken: _ct)).Prompts;
        var one = (await _client.FindSimilarPromptsAsync(new() { Prompt = "similar", Count = 1 }, cancellationToken: _ct)).Prompts;
        var compared = await _client.InspectPromptAsync(new() { Prompt = "similar", CompareWith = { "near", "far@1" } }, cancellationToken: _ct);

        Assert.Equal(found.OrderByDescending(prompt => prompt.Cosine), found);
        Assert.Equal(1 / Math.Sqrt(1.01), found.Single(prompt => prompt.Prompt == "near@1").Cosine, 1e-7);
        Assert.Equal(-1, found.Single(prompt => prompt.Prompt.StartsWith("far@", StringComparison.Ordinal)).Cosine, 1e-9);
        Assert.DoesNotContain(found, prompt => prompt.Prompt is "similar@1" or "of-keys@1");
        Assert.Equal("near@1", Assert.Single(one).Prompt);
        Assert.Equal(["near@1", "far@1"], compared.Similarities.Select(prompt => prompt.Prompt));
        Assert.Equal(1, compared.Similarities[1].Cosine, 1e-9);
    }

    [Fact]
    public async Task Inspect_OutOfRange_ReportsEveryViolation()
    {
        await AddAsync("wrong", [1, 2, 3, 4]);
        var request = new InspectPromptRequest { Prompt = "wrong", NearestCount = 101, Examples = new() { Inputs = { Text("") }, Targets = { Text("") } } };

        var error = await Assert.ThrowsAsync<RpcException>(async () => await _client.InspectPromptAsync(request, cancellationToken: _ct));

        Assert.Equal(
            ["nearest_count", "examples.inputs[0]", "examples.targets[0]"],
            error.GetRpcStatus()!.GetDetail<Google.Rpc.BadRequest>()!.FieldViolations.Select(v => v.Field));
    }

    /// <summary>The two examples' mean loss per target token, each alone on a session of its own.</summary>
    private static double SlowLoss(SoftPrompt prompt)
    {
        var losses = new List<double>();
        foreach (var (input, target) in new[] { ("a", "yes"), ("bc", "n") })
        {
            var session = new FakeSession(FakeTokenizer.Size, 1);
            using var sequence = session.Open(prompt, FakeModels.ContextLength);
            int[] next = [FakeTokenizer.Beginning, .. FakeTokenizer.IdsOf(input)];
            foreach (var id in FakeTokenizer.IdsOf(target))
            {
                var logits = session.Run([new SequenceStep(sequence, next)]).Row(0, 0).ToArray();
                losses.Add(Math.Log(logits.Sum(logit => Math.Exp(logit))) - logits[id]);
                next = [id];
            }
        }
        return losses.Average();
    }

    private Task<PromptRecord> AddAsync(string name, params float[][] rows) => AddAsync(name, Prompt(rows));

    private Task<PromptRecord> AddAsync(string name, ServedPrompt prompt) => server.Services.GetRequiredService<PromptStore>().AddAsync(
        new NewPrompt(name, ServerFixture.Model, prompt, TextTemplate.None, new Dictionary<string, string>(), _ => "{}")
        {
            Method = prompt is KeyValuePrefix ? PromptMethod.PrefixTuning : PromptMethod.PromptTuning,
        },
        _ct);

    private static SoftPrompt Prompt(float[][] rows) =>
        new(rows.Length, FakeModels.HiddenSize, [.. rows.SelectMany(row => row)], FakeModels.FingerprintOf(ServerFixture.Model));

    private static float[] Embedding(int token)
    {
        var random = new SeededRandom((ulong)token + 1);
        return [.. Enumerable.Range(0, FakeModels.HiddenSize).Select(_ => (float)random.NextNormal())];
    }

    private static double Cosine(float[] a, float[] b) =>
        a.Zip(b, (x, y) => (double)x * y).Sum() / Distance(a, new float[a.Length]) / Distance(b, new float[b.Length]);

    private static double Distance(float[] a, float[] b) => Math.Sqrt(a.Zip(b, (x, y) => Math.Pow((double)x - y, 2)).Sum());

    private static Content Text(string text) => new() { Text = text };

    private sealed class Embeddings : IModelWeights
    {
        public IReadOnlyList<int> Shape(string name) => [FakeTokenizer.Size, FakeModels.HiddenSize];

        public void Read(string name, Span<float> destination) => throw new NotSupportedException();

        public void ReadRow(string name, int row, Span<float> destination) => Embedding(row).CopyTo(destination);

        public void Dispose()
        {
        }
    }
}
