using Google.Rpc;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Server.Prompts;
using SoftPromptGrpc.Server.Tests.Fakes;

namespace SoftPromptGrpc.Server.Tests.Inference;

/// <summary>Inputs end in '>'; what the fake model then says is <see cref="Say"/>'s.</summary>
public sealed class InferenceServiceTests(ServerFixture server) : IClassFixture<ServerFixture>, IDisposable
{
    private readonly InferenceService.InferenceServiceClient _client = new(server.Channel);
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public void Dispose() => server.Backend.Next = null;

    [Fact]
    public async Task Infer_Text_GivesTextIdsAndUsage()
    {
        Say("Grüße");

        var answer = (await _client.InferAsync(Request("ab>"), cancellationToken: _ct)).Generation;

        Assert.Equal("Grüße", answer.Text);
        Assert.Equal(FakeTokenizer.IdsOf("Grüße").Select(id => (uint)id), answer.TokenIds);
        Assert.Equal(FinishReason.EndOfSequence, answer.FinishReason);
        Assert.Empty(answer.Tokens);
        Assert.Equal((4, 0, 7, ServerFixture.Model), (
            answer.Usage.InputTokens, answer.Usage.SoftPromptTokens, answer.Usage.OutputTokens, answer.Usage.Model));
        Assert.False(answer.Usage.HasSeed);
        Assert.NotNull(answer.Usage.QueueTime);
    }

    [Fact]
    public async Task Infer_TokenIdsWithoutTokenizer_GivesIdsAlone()
    {
        Say("ok");
        var request = new InferRequest { Model = ServerFixture.ModelOfIds, Input = Ids(FakeTokenizer.IdOf('>')) };

        var answer = (await _client.InferAsync(request, cancellationToken: _ct)).Generation;

        Assert.Empty(answer.Text);
        Assert.Equal(FakeTokenizer.IdsOf("ok").Select(id => (uint)id), answer.TokenIds);
    }

    [Fact]
    public async Task StreamInfer_MultiByteCharacters_AreNeverHalved()
    {
        Say("naïve 日本 🎈!");

        var (chunks, finish) = await StreamAsync(Request(">"));

        Assert.All(chunks, chunk => Assert.DoesNotContain('\uFFFD', chunk.Text));
        Assert.All(chunks, chunk => Assert.False(chunk.Text.Length > 0 && char.IsHighSurrogate(chunk.Text[^1])));
        Assert.Equal("naïve 日本 🎈!", string.Concat(chunks.Select(chunk => chunk.Text)));
        Assert.Equal(FakeTokenizer.IdsOf("naïve 日本 🎈!").Select(id => (uint)id), chunks.SelectMany(chunk => chunk.TokenIds));
        Assert.Equal(FinishReason.EndOfSequence, finish.FinishReason);
        Assert.Equal(19, finish.Usage.OutputTokens);
    }

    [Fact]
    public async Task StreamInfer_StopText_IsNeverSentEvenInPart()
    {
        Say("one\n\ntwo");
        var request = Request(">");
        request.Generation.StopTexts.Add("\n\n");

        var (chunks, finish) = await StreamAsync(request);

        Assert.Equal("one", string.Concat(chunks.Select(chunk => chunk.Text)));
        Assert.Equal(3, chunks.Sum(chunk => chunk.TokenIds.Count));
        Assert.Equal((FinishReason.Stop, "\n\n"), (finish.FinishReason, finish.StopText));
    }

    [Fact]
    public async Task Infer_Lengths_DecideTheFinishReason()
    {
        Say(new string('x', 100));
        var request = Request(">");

        request.Generation.MaxNewTokens = 5;
        var limited = (await _client.InferAsync(request, cancellationToken: _ct)).Generation;
        request.Generation.ClearMaxNewTokens();
        var unlimited = (await _client.InferAsync(request, cancellationToken: _ct)).Generation;

        Assert.Equal((FinishReason.Length, 5), (limited.FinishReason, limited.TokenIds.Count));
        Assert.Equal((FinishReason.ContextFull, FakeModels.ContextLength - 2), (unlimited.FinishReason, unlimited.TokenIds.Count));
    }

    [Fact]
    public async Task Infer_MinNewTokens_HoldsOffTheEndOfSequence()
    {
        Say("ab");
        var request = Request(">");
        request.Generation.MinNewTokens = 6;
        request.Generation.MaxNewTokens = 9;

        var answer = (await _client.InferAsync(request, cancellationToken: _ct)).Generation;

        Assert.True(answer.TokenIds.Count >= 6);
        Assert.DoesNotContain((uint)FakeTokenizer.End, answer.TokenIds);
    }

    [Fact]
    public async Task Infer_IgnoreEndOfSequence_GeneratesOnBehindIt()
    {
        Say("ab");
        var request = Request(">");
        request.Generation.IgnoreEndOfSequence = true;
        request.Generation.MaxNewTokens = 4;

        var answer = (await _client.InferAsync(request, cancellationToken: _ct)).Generation;

        Assert.Equal(FinishReason.Length, answer.FinishReason);
        Assert.Equal((uint)FakeTokenizer.End, answer.TokenIds[2]);
        Assert.Equal("ab.", answer.Text);
    }

    [Fact]
    public async Task Infer_TopAlternatives_AreTheModelsOwnProbabilities()
    {
        var request = Request(">", seed: 5);
        request.Output = new() { TopAlternatives = 3 };
        request.Generation.MaxNewTokens = 8;

        var sampled = (await _client.InferAsync(request, cancellationToken: _ct)).Generation;
        request.Generation.ClearTemperature();
        var greedy = (await _client.InferAsync(request, cancellationToken: _ct)).Generation;

        Assert.Equal(greedy.TokenIds, greedy.Tokens.Select(token => token.TokenId));
        Assert.All(greedy.Tokens, token =>
        {
            Assert.Equal(3, token.Alternatives.Count);
            Assert.Equal((token.TokenId, token.LogProbability), (token.Alternatives[0].TokenId, token.Alternatives[0].LogProbability));
            Assert.True(token.Alternatives[0].LogProbability > token.Alternatives[1].LogProbability);
            Assert.StartsWith("0x", token.Token, StringComparison.Ordinal);
        });
        // The first position is the same, whatever was drawn there.
        Assert.Equal(greedy.Tokens[0].Alternatives, sampled.Tokens[0].Alternatives);
        Assert.Equal(5, sampled.Usage.Seed);
    }

    [Fact]
    public async Task Infer_SameSeed_GivesTheSameAloneAndInABatch()
    {
        InferRequest[] requests = [.. Enumerable.Range(0, 12).Select(i => Request($"row {i}>", seed: i))];
        var alone = new List<string>();
        foreach (var request in requests)
            alone.Add((await _client.InferAsync(request, cancellationToken: _ct)).Generation.TokenIds.ToString());

        var batch = await _client.BatchInferAsync(new() { Requests = { requests } }, cancellationToken: _ct);

        Assert.Equal(alone, batch.Rows.Select(row => row.Generation.TokenIds.ToString()));
        Assert.Equal(12, alone.Distinct().Count());
    }

    [Fact]
    public async Task Infer_NoSeed_ReportsTheOneThatGivesTheSameAgain()
    {
        var request = Request(">", seed: 0);
        request.Generation.ClearSeed();

        var first = (await _client.InferAsync(request, cancellationToken: _ct)).Generation;
        request.Generation.Seed = first.Usage.Seed;
        var second = (await _client.InferAsync(request, cancellationToken: _ct)).Generation;

        Assert.Equal(first.TokenIds, second.TokenIds);
    }

    [Fact]
    public async Task BatchInfer_BadRow_FailsAlone()
    {
        Say("yes");
        var bad = Request(">");
        bad.Generation.TopP = 2;

        var rows = (await _client.BatchInferAsync(
            new() { Requests = { Request("a>"), bad, new InferRequest { Prompt = "none" }, Request("b>") } }, cancellationToken: _ct)).Rows;

        Assert.Equal(["yes", "", "", "yes"], rows.Select(row => row.Generation?.Text ?? ""));
        Assert.Equal((3, "generation.top_p"), (rows[1].Error.Code, rows[1].Error.Violations.Single().Field));
        Assert.Equal((5, "PROMPT_NOT_FOUND"), (rows[2].Error.Code, rows[2].Error.Reason));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1025)]
    public async Task BatchInfer_TooFewOrManyRows_IsInvalid(int count)
    {
        var request = new BatchInferRequest { Requests = { Enumerable.Range(0, count).Select(_ => Request(">")) } };

        var error = await ErrorOf(_client.BatchInferAsync(request, cancellationToken: _ct).ResponseAsync);

        Assert.Equal(["requests"], Fields(error));
    }

    [Fact]
    public async Task Infer_Prompt_BringsItsModelItsTemplateAndItsTokens()
    {
        await AddPromptAsync("greeter", ServerFixture.Model, template: "Say {input}>");
        Say("hello");

        var request = new InferRequest { Prompt = "greeter", Input = new() { Text = "hi" } };
        var answer = (await _client.InferAsync(request, cancellationToken: _ct)).Generation;

        Assert.Equal("hello", answer.Text);
        Assert.Equal((1 + "Say hi>".Length, 2), (answer.Usage.InputTokens, answer.Usage.SoftPromptTokens));
        Assert.Equal(("greeter@1", ServerFixture.Model), (answer.Usage.Prompt, answer.Usage.Model));

        request.ApplyTemplate = false;
        request.Input.Text = "x>";
        Assert.Equal(3, (await _client.InferAsync(request, cancellationToken: _ct)).Generation.Usage.InputTokens);
    }

    [Fact]
    public async Task Infer_PromptAlone_NeedsNoInput()
    {
        await AddPromptAsync("alone", ServerFixture.Model);
        server.Backend.Next = history => history.Count == 0 ? FakeTokenizer.IdOf('y') : FakeTokenizer.End;

        var answer = (await _client.InferAsync(new() { Prompt = "alone" }, cancellationToken: _ct)).Generation;

        Assert.Equal(("y", 0), (answer.Text, answer.Usage.InputTokens));
    }

    [Fact]
    public async Task BatchInfer_RowsPrefixAndNoPrompt_EachAsAlone()
    {
        await AddPromptAsync("rows", ServerFixture.Model);
        await AddPrefixAsync("prefix", layers: 1);
        server.Backend.Next = null;
        string[] prompts = ["rows", "", "prefix", "prefix"];
        InferRequest[] requests = [.. prompts.Select((prompt, i) =>
        {
            var request = Request($"text {i}>");
            request.Prompt = prompt;
            return request;
        })];

        var together = (await _client.BatchInferAsync(new() { Requests = { requests } }, cancellationToken: _ct)).Rows;

        Assert.Equal([2, 0, 3, 3], together.Select(row => row.Generation.Usage.SoftPromptTokens));
        for (var i = 0; i < requests.Length; i++)
        {
            var alone = (await _client.InferAsync(requests[i], cancellationToken: _ct)).Generation;
            Assert.Equal(alone.TokenIds, together[i].Generation.TokenIds);
        }
    }

    [Fact]
    public async Task Infer_PrefixAlone_NeedsInput()
    {
        await AddPrefixAsync("silent", layers: 1);

        var infer = await ErrorOf(_client.InferAsync(new() { Prompt = "silent" }, cancellationToken: _ct).ResponseAsync);
        var score = await ErrorOf(_client.ScoreAsync(
            new() { Prompt = "silent", Continuations = { Ids(7) } }, cancellationToken: _ct).ResponseAsync);

        Assert.Equal(["input"], Fields(infer));
        Assert.Equal(["input"], Fields(score));
        Assert.Contains("silent@1", infer.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Infer_PrefixOfOtherShapeThanTheModel_IsAFailedPrecondition()
    {
        await AddPrefixAsync("deep", layers: 2);

        var error = await ErrorOf(_client.InferAsync(new() { Prompt = "deep" }, cancellationToken: _ct).ResponseAsync);

        Assert.Equal((StatusCode.FailedPrecondition, "PROMPT_OF_OTHER_MODEL"), (error.StatusCode, Reason(error)));
        Assert.Contains("2 layers", error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Infer_PromptOfAnotherModel_IsAFailedPreconditionNamingBothFingerprints()
    {
        await AddPromptAsync("foreign", "tiny", fingerprint: "other-fingerprint");

        var error = await ErrorOf(_client.InferAsync(new() { Prompt = "foreign" }, cancellationToken: _ct).ResponseAsync);

        Assert.Equal((StatusCode.FailedPrecondition, "PROMPT_OF_OTHER_MODEL"), (error.StatusCode, Reason(error)));
        Assert.Contains("other-fingerprint", error.Status.Detail, StringComparison.Ordinal);
        Assert.Contains(FakeModels.FingerprintOf("tiny"), error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Score_Continuations_AgreeWithWhatInferReports()
    {
        var request = Request("abc>");
        request.Output = new() { LogProbabilities = true };
        request.Generation.MaxNewTokens = 6;
        request.Generation.IgnoreEndOfSequence = true;
        var greedy = (await _client.InferAsync(request, cancellationToken: _ct)).Generation;
        var ids = new Content { TokenIds = new() { Ids = { greedy.TokenIds } } };

        var scored = (await _client.ScoreAsync(
            new() { Model = request.Model, Input = request.Input, Continuations = { ids, Ids(7, 8), new Content { Text = "é" } } },
            cancellationToken: _ct)).Continuations;

        Assert.Equal(greedy.Tokens.Select(token => token.LogProbability), scored[0].TokenLogProbabilities);
        Assert.Equal(scored[0].TokenLogProbabilities.Sum(), scored[0].LogProbability);
        Assert.Equal(scored[0].LogProbability / 6, scored[0].MeanLogProbability);
        Assert.Equal([true, false, false], scored.Select(one => one.IsGreedy));
        Assert.Equal([6, 2, 2], scored.Select(one => one.TokenIds.Count));
        Assert.All(scored[1].TokenLogProbabilities, logProbability => Assert.InRange(logProbability, -20, 0));
    }

    [Fact]
    public async Task Score_AppendEndOfSequence_AddsItToEachContinuation()
    {
        var request = new ScoreRequest { Model = ServerFixture.Model, Input = new() { Text = "a" }, AppendEndOfSequence = true };
        request.Continuations.Add(new Content { Text = "b" });

        var scored = (await _client.ScoreAsync(request, cancellationToken: _ct)).Continuations.Single();

        Assert.Equal([(uint)FakeTokenizer.IdOf('b'), FakeTokenizer.End], scored.TokenIds);
    }

    [Fact]
    public async Task Score_BadContinuations_AreAllNamed()
    {
        var request = new ScoreRequest
        {
            Model = ServerFixture.Model,
            Continuations = { new Content(), Ids(1), Ids(9999), new Content { Text = new string('x', 70) }, new Content { Text = "" } },
        };

        var error = await ErrorOf(_client.ScoreAsync(request, cancellationToken: _ct).ResponseAsync);

        Assert.Equal(
            ["continuations[0]", "continuations[2].token_ids.ids[0]", "continuations[3]", "continuations[4]", "input"],
            Fields(error).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Tokenize_Text_GivesIdsSpellingsAndText()
    {
        await AddPromptAsync("tokenized", ServerFixture.Model, template: "<{input}");

        var answer = await _client.TokenizeAsync(
            new() { Prompt = "tokenized", Content = new() { Text = "é" } }, cancellationToken: _ct);

        Assert.Equal([FakeTokenizer.Beginning, .. FakeTokenizer.IdsOf("<é")], answer.TokenIds.Select(id => (int)id));
        Assert.Equal(["<1>", "0x3C", "0xC3", "0xA9"], answer.Tokens);
        Assert.Equal(("<1><é", 2, FakeModels.ContextLength), (answer.Text, answer.SoftPromptTokens, answer.ContextLength));
    }

    [Fact]
    public async Task Tokenize_IdsWithoutTokenizer_GivesThemBack()
    {
        var answer = await _client.TokenizeAsync(
            new() { Model = ServerFixture.ModelOfIds, Content = Ids(5, 6) }, cancellationToken: _ct);

        Assert.Equal([5u, 6u], answer.TokenIds);
        Assert.Empty(answer.Tokens);
        Assert.Empty(answer.Text);
    }

    [Fact]
    public async Task Infer_EverythingWrong_NamesEveryFieldAtOnce()
    {
        var request = new InferRequest
        {
            Model = ServerFixture.Model,
            Generation = new()
            {
                Temperature = double.NaN,
                TopK = -1,
                TopP = 0,
                MinP = 1,
                RepetitionPenalty = 0,
                StopTexts = { "ok", "", new string('x', 257) },
                StopTokenIds = { new TokenIds(), new TokenIds { Ids = { 1, 9999 } } },
                MaxNewTokens = 0,
                MinNewTokens = 1,
            },
            Output = new() { TopAlternatives = 21 },
            Priority = 101,
        };

        var error = await ErrorOf(_client.InferAsync(request, cancellationToken: _ct).ResponseAsync);

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Equal(
            [
                "generation.max_new_tokens", "generation.min_new_tokens", "generation.min_p", "generation.repetition_penalty",
                "generation.stop_texts[1]", "generation.stop_texts[2]", "generation.stop_token_ids[0]",
                "generation.stop_token_ids[1].ids[1]", "generation.temperature", "generation.top_k", "generation.top_p",
                "input", "output.top_alternatives", "priority",
            ],
            Fields(error).Order(StringComparer.Ordinal));
    }

    public static TheoryData<string, InferRequest> Violations { get; } = new()
    {
        { "input.token_ids.ids[1]", new() { Model = ServerFixture.Model, Input = Ids(1, FakeTokenizer.Size) } },
        { "input.token_ids.ids[0]", new() { Model = ServerFixture.Model, Input = new() { TokenIds = new() { Ids = { uint.MaxValue } } } } },
        { "input.text", new() { Model = ServerFixture.ModelOfIds, Input = new() { Text = "a" } } },
        { "input", new() { Model = ServerFixture.Model, Input = new() { Text = "" } } },
        { "input", new() { Model = ServerFixture.Model, Input = new() { Text = new string('x', FakeModels.ContextLength) } } },
        { "model", new() { Input = new() { Text = "a" } } },
        { "prompt", new() { Prompt = "no spaces", Model = ServerFixture.Model } },
        { "generation.max_new_tokens", Request("a", generation: new() { MaxNewTokens = FakeModels.ContextLength - 1 }) },
        { "generation.min_new_tokens", Request("a", generation: new() { MinNewTokens = FakeModels.ContextLength - 1 }) },
        { "generation.min_new_tokens", Request("a", generation: new() { MinNewTokens = 3, MaxNewTokens = 2 }) },
        { "generation.stop_texts", Request("a", generation: new() { StopTexts = { Enumerable.Repeat("x", 17) } }) },
        {
            "generation.stop_texts",
            new() { Model = ServerFixture.ModelOfIds, Input = Ids(1), Generation = new() { StopTexts = { "x" } } }
        },
        {
            "generation.stop_token_ids",
            Request("a", generation: new() { StopTokenIds = { Enumerable.Repeat(new TokenIds { Ids = { 1 } }, 17) } })
        },
        { "generation.temperature", Request("a", generation: new() { Temperature = 101 }) },
        { "generation.repetition_penalty", Request("a", generation: new() { RepetitionPenalty = double.PositiveInfinity }) },
        // Finite, but no logit divided by it is.
        { "generation.repetition_penalty", Request("a", generation: new() { RepetitionPenalty = 1e-106 }) },
        { "priority", new() { Model = ServerFixture.Model, Input = Ids(1), Priority = int.MinValue } },
    };

    [Theory]
    [MemberData(nameof(Violations))]
    public async Task Infer_OneThingWrong_NamesTheField(string field, InferRequest request)
    {
        var error = await ErrorOf(_client.InferAsync(request, cancellationToken: _ct).ResponseAsync);

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Equal([field], Fields(error));
    }

    [Fact]
    public async Task Infer_UnknownNames_AreTold()
    {
        var model = await ErrorOf(_client.InferAsync(new() { Model = "none", Input = Ids(1) }, cancellationToken: _ct).ResponseAsync);
        var prompt = await ErrorOf(_client.InferAsync(new() { Prompt = "none@3" }, cancellationToken: _ct).ResponseAsync);
        var backend = Request("a");
        backend.Backend = "none";
        var unknown = await ErrorOf(_client.InferAsync(backend, cancellationToken: _ct).ResponseAsync);

        Assert.Equal((StatusCode.NotFound, "MODEL_NOT_FOUND"), (model.StatusCode, Reason(model)));
        Assert.Equal((StatusCode.NotFound, "PROMPT_NOT_FOUND"), (prompt.StatusCode, Reason(prompt)));
        Assert.Equal((StatusCode.Unimplemented, "BACKEND_UNKNOWN"), (unknown.StatusCode, Reason(unknown)));
    }

    [Fact]
    public async Task StreamInfer_WithoutRequest_IsInvalid()
    {
        using var call = _client.StreamInfer(new(), cancellationToken: _ct);

        var error = await ErrorOf(call.ResponseStream.MoveNext(_ct));

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
    }

    private static InferRequest Request(string text, long? seed = null, GenerationOptions? generation = null)
    {
        var request = new InferRequest { Model = ServerFixture.Model, Input = new() { Text = text }, Generation = generation ?? new() };
        if (seed is { } value)
            (request.Generation.Temperature, request.Generation.Seed) = (1, value);
        return request;
    }

    private static Content Ids(params int[] ids) => new() { TokenIds = new() { Ids = { ids.Select(id => (uint)id) } } };

    private static async Task<RpcException> ErrorOf(Task call) => await Assert.ThrowsAsync<RpcException>(() => call);

    private static IEnumerable<string> Fields(RpcException error) =>
        error.GetRpcStatus()!.GetDetail<BadRequest>().FieldViolations.Select(violation => violation.Field);

    private static string Reason(RpcException error) => error.GetRpcStatus()!.GetDetail<ErrorInfo>().Reason;

    private void Say(string text)
    {
        int[] ids = [.. FakeTokenizer.IdsOf(text), FakeTokenizer.End];
        server.Backend.Next = history =>
        {
            var said = history.Count - 1 - history.ToList().LastIndexOf(FakeTokenizer.IdOf('>'));
            return said < ids.Length ? ids[said] : FakeTokenizer.IdOf('.');
        };
    }

    private async Task<(List<GenerationChunk>, GenerationFinish)> StreamAsync(InferRequest request)
    {
        using var call = _client.StreamInfer(new() { Request = request }, cancellationToken: _ct);
        var (chunks, finish) = (new List<GenerationChunk>(), default(GenerationFinish));
        await foreach (var response in call.ResponseStream.ReadAllAsync(_ct))
        {
            Assert.Null(finish);
            if (response.Chunk is { } chunk)
                chunks.Add(chunk);
            finish = response.Finish;
        }
        return (chunks, Assert.IsType<GenerationFinish>(finish));
    }

    private Task AddPrefixAsync(string name, int layers)
    {
        float[] values = [.. Enumerable.Range(name.Length, layers * 2 * 3 * 4).Select(i => i / 3f)];
        return AddPromptAsync(
            name, ServerFixture.Model, "{input}", new KeyValuePrefix(layers, 1, 3, 4, values, FakeModels.FingerprintOf(ServerFixture.Model)));
    }

    private Task AddPromptAsync(string name, string model, string template = "{input}", string? fingerprint = null) => AddPromptAsync(
        name, model, template, new SoftPrompt(
            2, FakeModels.HiddenSize, [1, 2, 3, 4, 5, 6, 7, name.Length], fingerprint ?? FakeModels.FingerprintOf(model)));

    private async Task AddPromptAsync(string name, string model, string template, ServedPrompt numbers)
    {
        await server.Services.GetRequiredService<PromptStore>().AddAsync(
            new NewPrompt(name, model, numbers, new Core.Prompts.TextTemplate(template), new Dictionary<string, string>(), _ => "{}"), _ct);
    }
}
