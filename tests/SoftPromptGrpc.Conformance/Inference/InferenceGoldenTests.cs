using System.Text.Json;
using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Fixtures;
using SoftPromptGrpc.ModelFormats;

namespace SoftPromptGrpc.Conformance.Inference;

/// <summary>Any inference backend gives the figures of transformers and PEFT. To be derived from, for each backend.</summary>
public abstract class InferenceGoldenTests
{
    private const float LogitTolerance = 5e-5f;
    private const double LossTolerance = 2e-5;
    private const int NewTokens = 12;

    /// <summary>At least four sequences at once.</summary>
    protected abstract IInferenceBackend Backend { get; }

    [Theory]
    [MemberData(nameof(CausalModels.Complete), MemberType = typeof(CausalModels))]
    [MemberData(nameof(CausalModels.Variants), MemberType = typeof(CausalModels))]
    [MemberData(nameof(CausalModels.HalfPrecision), MemberType = typeof(CausalModels))]
    public async Task Run_RowsOfTokens_GivesTheGoldenLogits(string name)
    {
        var goldens = new CausalGoldens(name);
        using var model = await OpenAsync(name);
        var sequences = goldens.Rows.Select(_ => model.Open()).ToList();

        var logits = model.RunAll([.. goldens.Rows.Select((ids, i) => new SequenceStep(sequences[i], ids, ids.Length))]);

        var loss = new MeanLoss();
        for (var row = 0; row < logits.Length; row++)
        {
            for (var column = 0; column < logits[row].Length; column++)
                AssertClose(goldens.Forward.At(row, column), logits[row][column]);
            loss.Add(logits[row], goldens.Rows[row].AsSpan(1));
        }
        Assert.Equal(goldens.Forward.Loss, loss.Value, LossTolerance);
        if (!CausalModels.IsHalfPrecision(name))
            Assert.All(goldens.LeftForward, left => AssertPoints(left, logits, goldens, goldens.LeftLabels));
        sequences.ForEach(s => s.Dispose());
    }

    [Theory]
    [MemberData(nameof(CausalModels.Complete), MemberType = typeof(CausalModels))]
    [MemberData(nameof(CausalModels.Variants), MemberType = typeof(CausalModels))]
    public async Task Run_RowsBehindAPrompt_GivesTheGoldenLogitsAndLoss(string name)
    {
        var goldens = new CausalGoldens(name);
        using var model = await OpenAsync(name);
        var prompt = model.Prompt(goldens);
        var sequences = goldens.Rows.Select(_ => model.Open(prompt)).ToList();

        var logits = model.RunAll([.. goldens.Rows.Select((ids, i) => new SequenceStep(sequences[i], ids, ids.Length + 1))]);

        var loss = new MeanLoss();
        for (var row = 0; row < logits.Length; row++)
        {
            for (var i = 0; i < logits[row].Length; i++)
                AssertClose(goldens.SoftPrompt.At(row, CausalGoldens.VirtualTokens - 1 + i), logits[row][i]);
            loss.Add(logits[row], goldens.Rows[row]);
        }
        Assert.Equal(goldens.SoftPrompt.Loss, loss.Value, LossTolerance);
        AssertPoints(goldens.LeftSoftPrompt, logits, goldens, goldens.LeftLabels, CausalGoldens.VirtualTokens);
        sequences.ForEach(s => s.Dispose());
    }

    [Theory]
    [InlineData("gemma")]
    [InlineData("gemma2")]
    public async Task Run_GemmaBehindAPrompt_IsAsInTransformers5(string name)
    {
        var goldens = new CausalGoldens(name);
        using var model = await OpenAsync(name);
        var prompt = model.Prompt(goldens.StoredPrompt, CausalGoldens.VirtualTokens);
        var sequences = goldens.Rows.Select(_ => model.Open(prompt)).ToList();

        var logits = model.RunAll([.. goldens.Rows.Select((ids, i) => new SequenceStep(sequences[i], ids, ids.Length + 1))]);

        foreach (var padding in Enum.GetValues<GoldenPadding>())
            AssertPoints(goldens.NewerPoints(padding), logits, goldens, goldens.Labels, CausalGoldens.VirtualTokens);
        sequences.ForEach(s => s.Dispose());
    }

    [Theory]
    [MemberData(nameof(CausalModels.Complete), MemberType = typeof(CausalModels))]
    [MemberData(nameof(CausalModels.Variants), MemberType = typeof(CausalModels))]
    public async Task Run_GreedyDecoding_GivesTheGoldenTokens(string name)
    {
        var golden = new CausalGoldens(name).Greedy;
        using var model = await OpenAsync(name);
        var prompt = model.Prompt(new CausalGoldens(name));

        Assert.Equal(golden.Plain, model.Greedy(NewTokens, (null, golden.StartIds))[0]);
        Assert.Equal(golden.SoftPrompt, model.Greedy(NewTokens, (prompt, golden.StartIds))[0]);
    }

    [Theory]
    [MemberData(nameof(CausalModels.Complete), MemberType = typeof(CausalModels))]
    [MemberData(nameof(CausalModels.Variants), MemberType = typeof(CausalModels))]
    public async Task Run_GreedyDecodingInOneBatch_GivesTheGoldenTokens(string name)
    {
        var goldens = new CausalGoldens(name);
        using var model = await OpenAsync(name);

        var output = model.Greedy(
            NewTokens,
            [.. goldens.Rows.Select(ids => ((ServedPrompt?)null, ids)), (model.Prompt(goldens), goldens.Greedy.StartIds)]);

        Assert.Equal([.. goldens.Greedy.Rows, goldens.Greedy.SoftPrompt], output);
        Assert.Equal(goldens.GreedyLeft, output[..^1]);
    }

    [Theory]
    [MemberData(nameof(PeftGoldens.Rows), MemberType = typeof(PeftGoldens))]
    [MemberData(nameof(PeftGoldens.Prefixes), MemberType = typeof(PeftGoldens))]
    public async Task Run_RowsBehindAnAdapter_GivesPeftsLogitsAndLoss(string name, string adapter)
    {
        var (inputs, goldens) = (new CausalGoldens(name), new PeftGoldens(name, adapter));
        using var model = await OpenAsync(name);
        var prompt = model.Prompt(goldens);
        // What stands before a row's first token predicts it only where it has hidden states.
        var before = prompt is SoftPrompt ? 1 : 0;
        var sequences = inputs.Rows.Select(_ => model.Open(prompt)).ToList();

        var logits = model.RunAll([.. inputs.Rows.Select((ids, i) => new SequenceStep(sequences[i], ids, ids.Length + before))]);

        var loss = new MeanLoss();
        for (var row = 0; row < logits.Length; row++)
        {
            for (var i = 0; i < logits[row].Length; i++)
                AssertClose(goldens.Output.At(row, i + before * (PeftGoldens.VirtualTokens - 1)), logits[row][i]);
            loss.Add(logits[row], inputs.Rows[row].AsSpan(1 - before));
        }
        Assert.Equal(goldens.Output.Loss, loss.Value, LossTolerance);
        // Padding on the left stands between what is virtual and the text: only the row without any is as here.
        for (var i = 0; i < logits[0].Length; i++)
            AssertClose(goldens.OutputOf(GoldenPadding.Left).At(0, i + before * (PeftGoldens.VirtualTokens - 1)), logits[0][i]);
        sequences.ForEach(s => s.Dispose());
    }

    [Theory]
    [MemberData(nameof(PeftGoldens.Rows), MemberType = typeof(PeftGoldens))]
    [MemberData(nameof(PeftGoldens.Prefixes), MemberType = typeof(PeftGoldens))]
    public async Task Run_GreedyDecodingBehindAnAdapter_GivesPeftsTokens(string name, string adapter)
    {
        var (inputs, goldens) = (new CausalGoldens(name), new PeftGoldens(name, adapter));
        using var model = await OpenAsync(name);
        var prompt = model.Prompt(goldens);

        var output = model.Greedy(NewTokens, (prompt, goldens.StartIds), (prompt, inputs.Rows[0]));

        Assert.Equal([goldens.Greedy, goldens.GreedyBatch[0]], output);
        Assert.Equal(goldens.Greedy, goldens.Recomputed);
    }

    [Theory]
    [InlineData("gpt2")]
    [InlineData("llama")]
    public async Task Run_GreedyDecodingOfEveryMethodInOneBatch_GivesPeftsTokens(string name)
    {
        string[] adapters = ["prefix_tuning", "p_tuning_lstm", "prefix_tuning_projection"];
        PeftGoldens[] goldens = [.. adapters.Select(adapter => new PeftGoldens(name, adapter))];
        var plain = new CausalGoldens(name).Greedy;
        using var model = await OpenAsync(name);

        var output = model.Greedy(
            NewTokens, [(null, plain.StartIds), .. goldens.Select(g => ((ServedPrompt?)model.Prompt(g), g.StartIds))]);

        Assert.Equal([plain.Plain, .. goldens.Select(g => g.Greedy)], output);
    }

    [Fact]
    public async Task Run_TrainedModelFromBeginningOfSequence_GivesTheGoldenTokens()
    {
        using var greedy = JsonDocument.Parse(await File.ReadAllBytesAsync(
            Path.Combine(Goldens.Stories260K, "greedy_from_bos.json"), TestContext.Current.CancellationToken));
        int[] golden = [.. greedy.RootElement.GetProperty("new_ids").EnumerateArray().Select(id => id.GetInt32())];
        using var model = await OpenModel.OpenAsync(Backend, ModelLoader.Load("stories260K", Goldens.Stories260K));

        Assert.Equal(golden, model.Greedy(golden.Length, (null, [1]))[0]);
    }

    [Fact]
    public async Task Run_TrainedModelOnSeveralTexts_GivesTheGoldenTokens()
    {
        using var goldens = JsonDocument.Parse(await File.ReadAllBytesAsync(
            Path.Combine(Goldens.Stories260K, "goldens.json"), TestContext.Current.CancellationToken));
        var texts = goldens.RootElement.GetProperty("prompts").EnumerateArray().Select(text => (
            Input: Ids(text, "input_ids"),
            Output: Ids(text, "greedy_100_new_ids"))).ToList();
        using var model = await OpenModel.OpenAsync(Backend, ModelLoader.Load("stories260K", Goldens.Stories260K));

        var output = model.Greedy(100, [.. texts.Select(t => ((ServedPrompt?)null, t.Input))]);

        Assert.Equal(texts.Select(t => t.Output), output);

        static int[] Ids(JsonElement text, string key) => [.. text.GetProperty(key).EnumerateArray().Select(id => id.GetInt32())];
    }

    /// <param name="logits">Of each row: behind a prompt, from its last virtual token on.</param>
    private static void AssertPoints(
        GoldenPoints expected, float[][][] logits, CausalGoldens goldens, int[][] labels, int virtualTokens = 0)
    {
        var first = Math.Max(virtualTokens - 1, 0);
        foreach (var (row, column, at) in expected.Logits)
            AssertClose(at, logits[row][column - first]);
        if (expected.Loss is not { } golden)
            return;
        var loss = new MeanLoss();
        for (var row = 0; row < logits.Length; row++)
            loss.Add(logits[row], labels[row].AsSpan(0, goldens.Rows[row].Length)[(virtualTokens > 0 ? 0 : 1)..]);
        Assert.Equal(golden, loss.Value, LossTolerance);
    }

    private static void AssertClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], LogitTolerance);
    }

    private Task<OpenModel> OpenAsync(string name) => OpenModel.OpenAsync(Backend, Goldens.LoadModel(name));
}
