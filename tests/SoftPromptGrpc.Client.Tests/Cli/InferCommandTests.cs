using System.Text.Json;
using SoftPromptGrpc.Cli;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Client.Tests.Cli;

public sealed class InferCommandTests : CliTest
{
    [Fact]
    public async Task Infer_Argument_PrintsTheAnswer()
    {
        var run = await RunAsync("infer", "hello");

        Assert.Equal((ExitCode.Ok, "<hello>\n"), (run.ExitCode, run.Output));
    }

    [Fact]
    public async Task Infer_Piped_TakesEverythingButTheLastLineBreak()
    {
        var run = await RunWithInputAsync("two\nlines\n", "infer");

        Assert.Equal("<two\nlines>\n", run.Output);
    }

    [Fact]
    public async Task Infer_BehindDoubleDash_MayLookLikeAnOption()
    {
        var run = await RunAsync("infer", "--", "--hello");

        Assert.Equal((ExitCode.Ok, "<--hello>\n"), (run.ExitCode, run.Output));
    }

    [Fact]
    public async Task Infer_Options_ReachTheServer()
    {
        InferRequest? sent = null;
        Server.Inference.OnInfer = (request, _) =>
        {
            sent = request;
            return new Generation();
        };

        await RunAsync(
            "infer", "x", "-p", "sentiment@3", "-m", "tiny", "--temperature", "0", "--top-k", "4", "--top-p", "0.9", "--min-p", "0.1",
            "--repetition-penalty", "1.2", "--max-tokens", "9", "--min-tokens", "2", "--seed", "0", "--stop", "a", "--stop", "b",
            "--ignore-eos", "--no-template", "--logprobs", "--alternatives", "3", "--priority", "5");

        var options = sent!.Generation;
        Assert.Equal(("sentiment@3", "tiny", 5), (sent.Prompt, sent.Model, sent.Priority));
        Assert.True(options is { HasTemperature: true, Temperature: 0, TopK: 4, TopP: 0.9, MinP: 0.1, RepetitionPenalty: 1.2 });
        Assert.True(options is { MaxNewTokens: 9, MinNewTokens: 2, HasSeed: true, IgnoreEndOfSequence: true });
        Assert.Equal(["a", "b"], options.StopTexts);
        Assert.True(sent is { HasApplyTemplate: true, ApplyTemplate: false, Output: { LogProbabilities: true, TopAlternatives: 3 } });
    }

    [Fact]
    public async Task Infer_TokenIds_GoInAndComeOut()
    {
        InferRequest? sent = null;
        Server.Inference.OnInfer = (request, _) =>
        {
            sent = request;
            return new Generation { Text = "text", TokenIds = { 7, 8 } };
        };

        var run = await RunAsync("infer", "1, 2 3", "--token-ids");

        Assert.Equal([1u, 2u, 3u], sent!.Input.TokenIds.Ids);
        Assert.Equal("7 8\n", run.Output);
    }

    [Fact]
    public async Task Infer_Json_IsTheGeneration()
    {
        var run = await RunAsync("infer", "x", "--json");

        var generation = JsonDocument.Parse(Assert.Single(run.Lines)).RootElement;
        Assert.Equal("<x>", generation.GetProperty("text").GetString());
        Assert.Equal(7, generation.GetProperty("tokenIds")[0].GetInt32());
    }

    [Fact]
    public async Task Infer_LogProbabilities_AreATableBelow()
    {
        Server.Inference.OnInfer = (_, _) => new Generation
        {
            Text = "a",
            TokenIds = { 5 },
            Tokens =
            {
                new TokenDetail
                {
                    TokenId = 5,
                    Token = "a",
                    LogProbability = -0.25,
                    Alternatives = { new TokenAlternative { Token = "[b]", LogProbability = -2 } },
                },
            },
        };

        var run = await RunAsync("infer", "x", "--alternatives", "1");

        Assert.Equal("a", run.Lines[0]);
        Assert.Equal(["5", "a", "-0.2500", "[b]", "-2.0000"], run.Lines[2].Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Infer_Stream_JoinsTheChunks()
    {
        Server.Inference.Stream =
        [
            new StreamInferResponse { Chunk = new GenerationChunk { Text = "Hel", TokenIds = { 1 } } },
            new StreamInferResponse { Chunk = new GenerationChunk { Text = "lo", TokenIds = { 2, 3 } } },
            new StreamInferResponse { Finish = new GenerationFinish { FinishReason = FinishReason.Length } },
        ];

        Assert.Equal("Hello\n", (await RunAsync("infer", "x", "--stream")).Output);
        Assert.Equal("1 2 3\n", (await RunAsync("infer", "1", "--stream", "--token-ids")).Output);
        Assert.Equal(3, (await RunAsync("infer", "x", "--stream", "--json")).Lines.Length);
    }

    [Fact]
    public async Task InferBatch_ManyLines_AnswersEachOnItsLine()
    {
        var lines = Enumerable.Range(1, 300).Select(i => $"line {i}").ToList();

        var run = await RunWithInputAsync(string.Join('\n', lines), "infer", "--batch");

        Assert.Equal(ExitCode.Ok, run.ExitCode);
        Assert.Equal(lines.Select(line => $"<{line}>"), run.Lines);
        Assert.Equal([128, 128, 44], Server.Inference.BatchSizes);
    }

    [Fact]
    public async Task InferBatch_BadRow_FailsAloneWithItsLine()
    {
        var violation = new FieldViolation { Field = "input", Description = "900 tokens" };
        Server.Inference.OnRow = request => request.Input.Text == "bad"
            ? new BatchInferRow { Error = new RowError { Code = 3, Message = "Too long.", Violations = { violation } } }
            : new BatchInferRow { Generation = new Generation { Text = "a\nb\\" } };

        var run = await RunWithInputAsync("ok\nbad\nok\n", "infer", "--batch");

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Equal("a\\nb\\\\\n\na\\nb\\\\\n", run.Output);
        Assert.Equal("error: line 2: Too long.\n  input: 900 tokens\n", run.Error);
    }

    [Fact]
    public async Task Score_Continuations_AreATable()
    {
        Server.Inference.OnScore = _ => new ScoreResponse
        {
            Continuations =
            {
                new ScoredContinuation { LogProbability = -1, MeanLogProbability = -0.5, TokenIds = { 1, 2 }, IsGreedy = true },
            },
        };

        var run = await RunAsync("score", "x", "yes");

        Assert.Equal(["yes", "-1.0000", "-0.5000", "2", "yes"], run.Lines[1].Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Classify_Ensemble_SendsEverythingAndTellsTheAgreement()
    {
        ClassifyRequest? sent = null;
        Server.Inference.OnClassify = request =>
        {
            sent = request;
            return new ClassifyResponse
            {
                Labels = { new LabelProbability { Name = "yes", Probability = 0.75, LogProbability = -1 } },
                Agreement = 0.5,
            };
        };

        var run = await RunAsync("classify", "x", "yes", "no", "-p", "a,b@2", "--per-token", "--prior-input", "N/A", "--vote");

        Assert.Equal(["yes", "75.0", "%", "-1.0000"], run.Lines[1].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal("50.0 % of 2 prompts say so.", run.Lines[2]);
        Assert.Equal(["a", "b@2"], sent!.Prompts);
        Assert.Equal(["yes", "no"], sent.Labels.Select(label => label.Content.Text));
        Assert.Equal(("x", "N/A"), (sent.Input.Text, sent.PriorInput.Text));
        Assert.Equal((LabelNormalization.Mean, EnsembleMethod.Vote), (sent.Normalization, sent.Ensemble));
    }

    [Fact]
    public async Task Tokenize_Text_PrintsIdsAndTokens()
    {
        Server.Inference.OnTokenize = request => new TokenizeResponse
        {
            TokenIds = { 1, 2 },
            Tokens = { "<s>", request.Content.Text },
            ContextLength = 256,
        };

        var run = await RunAsync("tokenize", "hi");

        Assert.Equal(["1 2", "<s> hi", "2 tokens of 256"], run.Lines);
    }

    [Fact]
    public async Task ModelsList_Piped_IsAPlainTable()
    {
        var run = await RunAsync("models", "list");

        Assert.Equal(2, run.Lines.Length);
        Assert.StartsWith("tiny", run.Lines[1], StringComparison.Ordinal);
        Assert.All(run.Lines, line => Assert.Equal(line.TrimEnd(), line));
        Assert.DoesNotContain('\u001b', run.Output);
        Assert.DoesNotContain('│', run.Output);
    }
}
