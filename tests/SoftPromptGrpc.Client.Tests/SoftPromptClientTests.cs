using Grpc.Core;
using SoftPromptGrpc.Client.Tests.Fakes;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Client.Tests;

public sealed class SoftPromptClientTests(FakeServer server) : IClassFixture<FakeServer>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ClassifyAsync_Texts_SendsThemAsPromptsInputAndLabels()
    {
        ClassifyRequest? sent = null;
        server.Inference.OnClassify = request =>
        {
            sent = request;
            return new ClassifyResponse { Agreement = 1 };
        };
        await using var client = server.Connect();

        var response = await client.ClassifyAsync(["a", "b"], "in", ["yes", "no"], Token);

        Assert.Equal(1, response.Agreement);
        Assert.Equal(["a", "b"], sent!.Prompts);
        Assert.Equal("in", sent.Input.Text);
        Assert.Equal(["yes", "no"], sent.Labels.Select(label => label.Content.Text));
    }

    [Fact]
    public async Task InferAsync_Text_ReturnsTheGeneration()
    {
        server.Inference.OnInfer = (request, _) => new Generation { Text = $"{request.Prompt}:{request.Input.Text}" };
        await using var client = server.Connect();

        var generation = await client.InferAsync("sentiment", "good", Token);

        Assert.Equal("sentiment:good", generation.Text);
    }

    [Fact]
    public async Task InferAsync_UnavailableTwice_IsRetried()
    {
        var before = server.Inference.InferCalls;
        server.Inference.OnInfer = (_, call) => call - before < 3 ? throw Failures.Unavailable() : new Generation { Text = "third" };
        await using var client = server.Connect();

        var generation = await client.InferAsync("", "x", Token);

        Assert.Equal(("third", 3), (generation.Text, server.Inference.InferCalls - before));
    }

    [Fact]
    public async Task InferAsync_MaxAttemptsOne_IsNotRetried()
    {
        var before = server.Inference.InferCalls;
        server.Inference.OnInfer = (_, _) => throw Failures.Unavailable();
        await using var client = server.Connect(new SoftPromptClientOptions { MaxAttempts = 1 });

        var error = await Assert.ThrowsAsync<SoftPromptRpcException>(() => client.InferAsync("", "x", Token));

        Assert.Equal((StatusCode.Unavailable, 1), (error.StatusCode, server.Inference.InferCalls - before));
    }

    [Fact]
    public async Task DeletePromptAsync_Unavailable_IsNotRetried()
    {
        var before = server.Prompts.DeleteCalls;
        server.Prompts.DeleteFailure = Failures.Unavailable();
        await using var client = server.Connect();

        var error = await Assert.ThrowsAsync<SoftPromptRpcException>(() => client.DeletePromptAsync("p", Token));

        Assert.Equal((StatusCode.Unavailable, 1), (error.StatusCode, server.Prompts.DeleteCalls - before));
    }

    [Fact]
    public async Task InferAsync_BusyWithDelay_IsRetriedAfterIt()
    {
        var before = server.Inference.InferCalls;
        server.Inference.OnInfer = (_, call) => call - before == 1
            ? throw Failures.Busy(TimeSpan.FromMilliseconds(20))
            : new Generation { Text = "served" };
        await using var client = server.Connect();

        var generation = await client.InferAsync("", "x", Token);

        Assert.Equal(("served", 2), (generation.Text, server.Inference.InferCalls - before));
    }

    [Fact]
    public async Task StreamInferAsync_BusyWithDelay_IsRetriedAfterIt()
    {
        server.Inference.Stream = [new() { Chunk = new() { Text = "served" } }];
        server.Inference.StreamRefusals.Enqueue(Failures.Busy(TimeSpan.FromMilliseconds(20)));
        server.Inference.StreamRefusals.Enqueue(Failures.Busy(TimeSpan.Zero));
        await using var client = server.Connect();

        var responses = await client.StreamInferAsync("", "x", Token).ToListAsync(Token);

        Assert.Equal("served", Assert.Single(responses).Chunk.Text);
        Assert.Empty(server.Inference.StreamRefusals);
    }

    [Fact]
    public async Task StreamInferAsync_QuotaIsUsedUp_IsNotRetried()
    {
        server.Inference.StreamRefusals.Enqueue(Failures.Busy(null));
        await using var client = server.Connect();

        var error = await Assert.ThrowsAsync<SoftPromptRpcException>(
            async () => await client.StreamInferAsync("", "x", Token).ToListAsync(Token));

        Assert.Equal(StatusCode.ResourceExhausted, error.StatusCode);
    }

    [Theory]
    [InlineData(null)] // A quota: no delay helps.
    [InlineData(3600)] // Longer than the deadline.
    public async Task InferAsync_BusyWithoutUsefulDelay_IsNotRetried(int? delaySeconds)
    {
        var before = server.Inference.InferCalls;
        TimeSpan? delay = delaySeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
        server.Inference.OnInfer = (_, _) => throw Failures.Busy(delay);
        await using var client = server.Connect();

        var error = await Assert.ThrowsAsync<SoftPromptRpcException>(() => client.InferAsync("", "x", Token));

        Assert.Equal((delay, 1), (error.RetryDelay, server.Inference.InferCalls - before));
    }

    [Fact]
    public async Task InferAsync_Invalid_CarriesReasonAndEveryViolation()
    {
        server.Inference.OnInfer = (_, _) => throw Failures.Invalid(("generation.top_p", "over 1"), ("input", "missing"));
        await using var client = server.Connect();

        var error = await Assert.ThrowsAsync<SoftPromptRpcException>(() => client.InferAsync("", "x", Token));

        Assert.Equal((StatusCode.InvalidArgument, "INVALID_ARGUMENT"), (error.StatusCode, error.Reason));
        Assert.Equal(["generation.top_p: over 1", "input: missing"], error.Violations.Select(v => $"{v.Field}: {v.Description}"));
        Assert.Equal("The request is invalid.", error.Message);
    }

    [Fact]
    public async Task InferAsync_DetailsThatDoNotParse_KeepsStatusAndMessage()
    {
        var trailers = new Metadata { { "grpc-status-details-bin", [255, 255, 255] } };
        server.Inference.OnInfer = (_, _) => throw new RpcException(new Status(StatusCode.FailedPrecondition, "Not ready."), trailers);
        await using var client = server.Connect();

        var error = await Assert.ThrowsAsync<SoftPromptRpcException>(() => client.InferAsync("", "x", Token));

        Assert.Equal((StatusCode.FailedPrecondition, "Not ready.", ""), (error.StatusCode, error.Message, error.Reason));
    }

    [Fact]
    public async Task InferAsync_CancelledByCaller_IsOperationCanceled()
    {
        using var source = CancellationTokenSource.CreateLinkedTokenSource(Token);
        server.Inference.OnInfer = (_, _) =>
        {
            source.Cancel();
            throw Failures.Unavailable();
        };
        await using var client = server.Connect();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.InferAsync("", "x", source.Token));
    }

    [Fact]
    public async Task InferAsync_NobodyListens_IsConnectionFailure()
    {
        await using var client = new SoftPromptClient("http://127.0.0.1:1", new SoftPromptClientOptions { MaxAttempts = 1 });

        var error = await Assert.ThrowsAsync<SoftPromptRpcException>(() => client.InferAsync("", "x", Token));

        Assert.True(error.IsConnectionFailure);
        Assert.Equal(StatusCode.Unavailable, error.StatusCode);
    }

    [Fact]
    public async Task BatchInferAsync_Inputs_GivesARowForEachInOrder()
    {
        await using var client = server.Connect();

        var rows = await client.BatchInferAsync("p", ["a", "b"], Token);

        Assert.Equal(["<a>", "<b>"], rows.Select(row => row.Generation.Text));
    }

    [Fact]
    public async Task StreamInferAsync_Chunks_ComeInOrder()
    {
        server.Inference.Stream =
        [
            new StreamInferResponse { Chunk = new GenerationChunk { Text = "a" } },
            new StreamInferResponse { Chunk = new GenerationChunk { Text = "b" } },
            new StreamInferResponse { Finish = new GenerationFinish { FinishReason = FinishReason.Length } },
        ];
        await using var client = server.Connect();

        var responses = await client.StreamInferAsync("p", "x", Token).ToListAsync(Token);

        Assert.Equal(server.Inference.Stream, responses);
    }

    [Fact]
    public async Task ScoreAsync_Text_SendsContinuations()
    {
        server.Inference.OnScore = request => new ScoreResponse
        {
            Continuations = { request.Continuations.Select((c, i) => new ScoredContinuation { LogProbability = -i - c.Text.Length }) },
        };
        await using var client = server.Connect();

        var response = await client.ScoreAsync("p", "x", ["yes", "no"], Token);

        Assert.Equal([-3.0, -3.0], response.Continuations.Select(c => c.LogProbability));
    }

    [Fact]
    public async Task GetModelAsync_Unknown_IsNotFound()
    {
        await using var client = server.Connect();

        var error = await Assert.ThrowsAsync<SoftPromptRpcException>(() => client.GetModelAsync("none", Token));

        Assert.Equal((StatusCode.NotFound, "NOT_FOUND"), (error.StatusCode, error.Reason));
    }
}
