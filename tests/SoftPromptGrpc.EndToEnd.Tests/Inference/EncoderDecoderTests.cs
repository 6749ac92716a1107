using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Fixtures;

namespace SoftPromptGrpc.EndToEnd.Tests.Inference;

/// <summary>What transformers computed for encoder-decoders, through the whole server.</summary>
public sealed class EncoderDecoderTests(RealServer server)
{
    private readonly InferenceService.InferenceServiceClient _client = new(server.Channel);
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public static MatrixTheoryData<string, string> Everywhere { get; } = new([RealServer.T5, RealServer.Bart], ["onnxruntime", "torch"]);

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task BatchInfer_RowsOfDifferentLengths_EachGetsItsGoldenTokens(string model, string backend)
    {
        var goldens = new EncoderDecoderGoldens(model);
        var requests = goldens.Inputs.Select(ids => new InferRequest
        {
            Model = model,
            Backend = backend,
            Input = Content(ids),
            Generation = new() { MaxNewTokens = 12, IgnoreEndOfSequence = true },
        });

        var answers = await _client.BatchInferAsync(new() { Requests = { requests } }, cancellationToken: _ct);

        Assert.Equal(
            goldens.Greedy.Rows.Select(ids => string.Join(',', ids)),
            answers.Rows.Select(row => string.Join(',', row.Generation.TokenIds)));
        Assert.Equal(goldens.Inputs.Select(ids => ids.Length), answers.Rows.Select(row => row.Generation.Usage.InputTokens));
    }

    [Theory]
    [MemberData(nameof(Everywhere))]
    public async Task Score_Targets_IsTheGoldenLoss(string model, string backend)
    {
        var goldens = new EncoderDecoderGoldens(model);
        var sum = 0.0;
        foreach (var (input, target) in goldens.Inputs.Zip(goldens.Targets))
        {
            var scored = await _client.ScoreAsync(
                new() { Model = model, Backend = backend, Input = Content(input), Continuations = { Content(target) } },
                cancellationToken: _ct);
            sum -= scored.Continuations[0].MeanLogProbability * target.Length;
        }

        Assert.Equal(goldens.Forward(GoldenPadding.Right).Loss, sum / goldens.Targets.Sum(t => t.Length), 1e-4);
    }

    private static Content Content(int[] ids) => new() { TokenIds = new() { Ids = { ids.Select(id => (uint)id) } } };
}
