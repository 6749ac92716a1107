using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Server.Prompts;
using SoftPromptGrpc.Server.Tests.Fakes;
using TextTemplate = SoftPromptGrpc.Core.Prompts.TextTemplate;

namespace SoftPromptGrpc.Server.Tests.Inference;

/// <summary>Held to a computation of its own: one token at a time, on a session of its own.</summary>
public sealed class ClassifyTests(ServerFixture server) : IClassFixture<ServerFixture>
{
    private static readonly string[] Labels = ["no", "maybe", "yes!"];

    private readonly InferenceService.InferenceServiceClient _client = new(server.Channel);
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(LabelNormalization.Unspecified, false)]
    [InlineData(LabelNormalization.Sum, true)]
    [InlineData(LabelNormalization.Mean, false)]
    [InlineData(LabelNormalization.Mean, true)]
    public async Task Classify_OnePrompt_IsTheSlowComputation(LabelNormalization normalization, bool withPrior)
    {
        var prompt = await AddAsync($"one-{normalization}-{withPrior}", 1);
        var request = Request("good", prompt.Name);
        request.Normalization = normalization;
        if (withPrior)
            request.PriorInput = Text("N/A");

        var answer = await _client.ClassifyAsync(request, cancellationToken: _ct);

        var expected = Slow(prompt.Numbers, "good", normalization, withPrior ? "N/A" : null);
        Assert.Equal(Labels.OrderByDescending(label => expected[label]), answer.Labels.Select(label => label.Name));
        Assert.All(answer.Labels, label => Assert.Equal(expected[label.Name], label.Probability, 1e-9));
        Assert.All(answer.Labels, label => Assert.Equal(Slow(prompt.Numbers, "good", label.Name).Sum(), label.LogProbability, 1e-9));
        Assert.Equal(1, answer.Agreement);
        Assert.Equal((5, 1, $"{prompt.Name}@1"), (answer.Usage.InputTokens, answer.Usage.SoftPromptTokens, answer.Usage.Prompt));
    }

    [Theory]
    [InlineData(EnsembleMethod.Unspecified)]
    [InlineData(EnsembleMethod.Mean)]
    [InlineData(EnsembleMethod.Vote)]
    public async Task Classify_Ensemble_IsTheSlowComputationAndTellsItsAgreement(EnsembleMethod method)
    {
        var prompts = new List<NewPrompt>();
        foreach (var i in Enumerable.Range(0, 7))
            prompts.Add(await AddAsync($"ensemble-{method}-{i}", i));
        var request = Request("so so", [.. prompts.Select(prompt => prompt.Name)]);
        request.Ensemble = method;

        var answer = await _client.ClassifyAsync(request, cancellationToken: _ct);

        var each = prompts.Select(prompt => Slow(prompt.Numbers, "so so", LabelNormalization.Sum, null)).ToList();
        var votes = each.Select(one => one.MaxBy(label => label.Value).Key).ToList();
        var expected = Labels.ToDictionary(label => label, label => method == EnsembleMethod.Vote
            ? votes.Count(vote => vote == label) / 7.0
            : each.Sum(one => one[label]) / 7);
        Assert.True(votes.Distinct().Count() > 1, "They all agree.");
        Assert.All(answer.Labels, label => Assert.Equal(expected[label.Name], label.Probability, 1e-9));
        Assert.Equal(expected.Values.Max(), answer.Labels[0].Probability, 1e-9);
        Assert.Equal(votes.Count(vote => vote == answer.Labels[0].Name) / 7.0, answer.Agreement, 1e-9);
    }

    [Fact]
    public async Task Classify_TenLabels_RunsPromptAndInputOnce()
    {
        var prompt = await AddAsync("ten", 2);
        var request = new ClassifyRequest { Input = Text("a long enough input"), Prompts = { prompt.Name } };
        request.Labels.Add(Enumerable.Range(0, 10).Select(i => new ClassLabel { Content = Text($"{i}.") }));
        await _client.ClassifyAsync(request, cancellationToken: _ct);
        var before = server.Backend.Sessions.Sum(session => session.PositionsRun);

        var answer = await _client.ClassifyAsync(request, cancellationToken: _ct);

        // The prompt's row, the beginning, the input; of each label of two tokens the first.
        Assert.Equal(1 + 1 + 19 + 10, server.Backend.Sessions.Sum(session => session.PositionsRun) - before);
        Assert.Equal((20, 20), (answer.Usage.InputTokens, answer.Usage.OutputTokens));
    }

    [Fact]
    public async Task Classify_WithoutPromptOrTokenizer_TakesIds()
    {
        var request = new ClassifyRequest { Model = ServerFixture.ModelOfIds, Input = Ids(5) };
        request.Labels.Add([new ClassLabel { Content = Ids(7, 8) }, new ClassLabel { Name = "nine", Content = Ids(9) }]);

        var answer = await _client.ClassifyAsync(request, cancellationToken: _ct);

        Assert.Equal(["7 8", "nine"], answer.Labels.Select(label => label.Name).Order());
        Assert.Equal(1, answer.Labels.Sum(label => label.Probability), 1e-9);
    }

    [Fact]
    public async Task Classify_EverythingWrong_ReportsEveryViolation()
    {
        var request = new ClassifyRequest { Prompts = { "?" }, PriorInput = Text("") };
        request.Labels.Add([new ClassLabel { Content = Text("a") }, new ClassLabel { Name = "a", Content = Text("b") }]);

        var error = await Assert.ThrowsAsync<RpcException>(async () => await _client.ClassifyAsync(request, cancellationToken: _ct));

        Assert.Equal(
            ["labels", "prior_input", "prompts[0]"],
            error.GetRpcStatus()!.GetDetail<Google.Rpc.BadRequest>()!.FieldViolations.Select(v => v.Field));
    }

    [Fact]
    public async Task Classify_EmptyLabel_IsInvalid()
    {
        var request = new ClassifyRequest { Model = ServerFixture.Model, Input = Text("x") };
        request.Labels.Add([new ClassLabel { Content = Text("a") }, new ClassLabel { Name = "b" }]);

        var error = await Assert.ThrowsAsync<RpcException>(async () => await _client.ClassifyAsync(request, cancellationToken: _ct));

        Assert.Contains("labels[1].content", error.Status.Detail, StringComparison.Ordinal);
    }

    private static Dictionary<string, double> Slow(ServedPrompt prompt, string input, LabelNormalization normalization, string? prior)
    {
        double Score(string text, string label) =>
            normalization == LabelNormalization.Mean ? Slow(prompt, text, label).Average() : Slow(prompt, text, label).Sum();
        var odds = Labels.ToDictionary(label => label, label => Math.Exp(Score(input, label) - (prior is null ? 0 : Score(prior, label))));
        return odds.ToDictionary(label => label.Key, label => label.Value / odds.Values.Sum());
    }

    /// <summary>The log-probability of each of a label's tokens.</summary>
    private static List<double> Slow(ServedPrompt prompt, string input, string label)
    {
        var session = new FakeSession(FakeTokenizer.Size, 1);
        using var sequence = session.Open(prompt, FakeModels.ContextLength);
        double LogProbability(int[] tokens, int next)
        {
            var logits = session.Run([new SequenceStep(sequence, tokens)]).Row(0, 0).ToArray();
            return logits[next] - Math.Log(logits.Sum(logit => Math.Exp(logit)));
        }
        var ids = FakeTokenizer.IdsOf(label);
        var behind = new[] { FakeTokenizer.Beginning }.Concat(FakeTokenizer.IdsOf(input)).ToArray();
        return [.. ids.Select((id, i) => LogProbability(i == 0 ? behind : [ids[i - 1]], id))];
    }

    private async Task<NewPrompt> AddAsync(string name, float number)
    {
        var numbers = new SoftPrompt(1, FakeModels.HiddenSize, [number, 1, 2, 3], FakeModels.FingerprintOf(ServerFixture.Model));
        var prompt = new NewPrompt(name, ServerFixture.Model, numbers, TextTemplate.None, new Dictionary<string, string>(), _ => "{}");
        await server.Services.GetRequiredService<PromptStore>().AddAsync(prompt, _ct);
        return prompt;
    }

    private static ClassifyRequest Request(string input, params string[] prompts) => new()
    {
        Input = Text(input),
        Prompts = { prompts },
        Labels = { Labels.Select(label => new ClassLabel { Content = Text(label) }) },
    };

    private static Content Text(string text) => new() { Text = text };

    private static Content Ids(params uint[] ids) => new() { TokenIds = new() { Ids = { ids } } };
}
