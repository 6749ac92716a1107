using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Fixtures;

namespace SoftPromptGrpc.Conformance.Inference;

/// <summary>Any inference backend runs encoder-decoders as transformers does. To be derived from, for each backend.</summary>
public abstract class EncoderDecoderInferenceTests
{
    private const float LogitTolerance = 5e-5f;
    private const double LossTolerance = 2e-5;
    private const int NewTokens = 12;

    /// <summary>At least four sequences at once.</summary>
    protected abstract IInferenceBackend Backend { get; }

    [Theory]
    [MemberData(nameof(EncoderDecoderGoldens.All), MemberType = typeof(EncoderDecoderGoldens))]
    public async Task Run_Targets_GivesTheGoldenLogitsAndLoss(string name)
    {
        var goldens = new EncoderDecoderGoldens(name);
        using var model = await OpenAsync(name);

        AssertGolden(goldens, goldens.Forward(GoldenPadding.Right), RunTargets(model, goldens, null));
    }

    /// <summary>Where only distances count, padding in front of the encoder's input moves nothing.</summary>
    [Theory]
    [InlineData("t5_v1_0")]
    [InlineData("t5_v1_1")]
    public async Task Run_TargetsOfInputsPaddedOnTheLeft_GivesTheGoldenLogitsAndLossAsWithoutPadding(string name)
    {
        var goldens = new EncoderDecoderGoldens(name);
        using var model = await OpenAsync(name);

        AssertGolden(goldens, goldens.Forward(GoldenPadding.Left), RunTargets(model, goldens, null));
    }

    [Theory]
    [MemberData(nameof(EncoderDecoderGoldens.All), MemberType = typeof(EncoderDecoderGoldens))]
    public async Task Run_TargetsBehindAPrompt_GivesTheGoldenLogitsAndLoss(string name)
    {
        var goldens = new EncoderDecoderGoldens(name);
        using var model = await OpenAsync(name);

        AssertGolden(goldens, goldens.SoftPrompt(GoldenPadding.Right), RunTargets(model, goldens, model.Prompt(goldens)));
    }

    [Theory]
    [MemberData(nameof(EncoderDecoderGoldens.All), MemberType = typeof(EncoderDecoderGoldens))]
    public async Task Run_GreedyDecoding_GivesTheGoldenTokens(string name)
    {
        var goldens = new EncoderDecoderGoldens(name);
        var golden = goldens.Greedy;
        using var model = await OpenAsync(name);

        Assert.Equal(golden.Plain, model.Greedy(NewTokens, (null, golden.StartIds))[0]);
        Assert.Equal(golden.SoftPrompt, model.Greedy(NewTokens, (model.Prompt(goldens), golden.StartIds))[0]);
    }

    [Theory]
    [MemberData(nameof(EncoderDecoderGoldens.All), MemberType = typeof(EncoderDecoderGoldens))]
    public async Task Run_GreedyDecodingInOneBatch_GivesTheGoldenTokens(string name)
    {
        var goldens = new EncoderDecoderGoldens(name);
        using var model = await OpenAsync(name);

        var output = model.Greedy(
            NewTokens,
            [.. goldens.Inputs.Select(ids => ((ServedPrompt?)null, ids)), (model.Prompt(goldens), goldens.Greedy.StartIds)]);

        Assert.Equal([.. goldens.Greedy.Rows, goldens.Greedy.SoftPrompt], output);
    }

    [Theory]
    [MemberData(nameof(EncoderDecoderGoldens.All), MemberType = typeof(EncoderDecoderGoldens))]
    public async Task Run_BesideOthersThatComeAndGo_GivesTheSameBitsAsAlone(string name)
    {
        var goldens = new EncoderDecoderGoldens(name);
        using var model = await OpenAsync(name);
        var (prompt, tokens) = (model.Prompt(goldens), Shifted(goldens, 0));
        using var alone = model.Open(prompt, encoderInput: goldens.Inputs[0]);
        var expected = tokens.Select(token => model.Run(alone, [token], 1)[0]).ToList();

        var early = model.Open(encoderInput: goldens.Inputs[2]);
        model.Run(early, [goldens.Start], 1);
        using var late = model.Open(prompt, encoderInput: goldens.Inputs[0]);
        using var third = model.Open(model.Prompt(5, 6), encoderInput: goldens.Inputs[1]);
        var actual = new List<float[]>();
        for (var i = 0; i < tokens.Length; i++)
        {
            if (i == 2)
                early.Dispose();
            SequenceStep[] steps = [new(third, new[] { i + 7 }), new(late, tokens.AsMemory(i, 1)), new(early, new[] { i + 3 })];
            actual.Add(model.RunAll(i < 2 ? steps : steps[..2])[1][0]);
        }

        Assert.Equal(expected, actual);
    }

    [Theory]
    [InlineData("t5_v1_0")]
    [InlineData("bart")]
    public async Task Fork_AndRewind_GoOnBehindTheSameInput(string name)
    {
        using var model = await OpenAsync(name);
        var prompt = model.Prefix(3, seed: 1);
        using var own = model.Open(prompt, encoderInput: [5, 6, 7, 8]);
        model.Run(own, [1, 2], 1);
        var expected = model.Run(own, [3, 4, 5], 3);
        using var origin = model.Open(prompt, encoderInput: [5, 6, 7, 8]);
        model.Run(origin, [1, 2], 1);
        var length = origin.Length;
        using var other = model.Open(encoderInput: [9]);
        using var fork = model.Session.Fork(origin, 20);

        model.RunAll([new(origin, (int[])[9, 9]), new(other, (int[])[7])]);
        other.Dispose();
        origin.Rewind(length);

        Assert.Equal(expected, model.Run(fork, [3, 4, 5], 3));
        Assert.Equal(expected, model.Run(origin, [3, 4, 5], 3));
    }

    [Fact]
    public async Task Open_EncoderInputThatCannotBe_IsRefused()
    {
        using var model = await OpenAsync("bart");

        Assert.ThrowsAny<ArgumentException>(() => model.Open());
        Assert.ThrowsAny<ArgumentException>(() => model.Open(encoderInput: new int[65]));
        Assert.ThrowsAny<ArgumentException>(() => model.Open(encoderInput: [320]));
        using var sequence = model.Open(encoderInput: [5], capacity: 2);
        Assert.ThrowsAny<ArgumentException>(() => model.Run(sequence, [1, 2, 3], 1));
        Assert.ThrowsAny<ArgumentException>(() => model.Run(sequence, [1], 2));
    }

    private static float[][][] RunTargets(OpenModel model, EncoderDecoderGoldens goldens, SoftPrompt? prompt)
    {
        var sequences = goldens.Inputs.Select(input => model.Open(prompt, encoderInput: input)).ToList();
        var logits = model.RunAll(
            [.. sequences.Select((s, row) => new SequenceStep(s, Shifted(goldens, row), goldens.Targets[row].Length))]);
        sequences.ForEach(s => s.Dispose());
        return logits;
    }

    /// <summary>What the decoder reads to predict a row's target.</summary>
    private static int[] Shifted(EncoderDecoderGoldens goldens, int row) => [goldens.Start, .. goldens.Targets[row][..^1]];

    private static void AssertGolden(EncoderDecoderGoldens goldens, GoldenOutput expected, float[][][] logits)
    {
        var loss = new MeanLoss();
        for (var row = 0; row < logits.Length; row++)
        {
            for (var column = 0; column < logits[row].Length; column++)
            {
                var difference = logits[row][column].Zip(expected.At(row, column).ToArray(), (a, e) => Math.Abs(a - e)).Max();
                Assert.InRange(difference, 0, LogitTolerance);
            }
            loss.Add(logits[row], goldens.Targets[row]);
        }
        Assert.Equal(expected.Loss, loss.Value, LossTolerance);
    }

    private Task<OpenModel> OpenAsync(string name) => OpenModel.OpenAsync(Backend, Goldens.LoadModel(name));
}
