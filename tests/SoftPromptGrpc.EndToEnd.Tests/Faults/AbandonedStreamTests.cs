using Grpc.Core;
using Grpc.Net.Client;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Fixtures;

namespace SoftPromptGrpc.EndToEnd.Tests.Faults;

/// <summary>Clients that leave, or stay and do not read: what they held is free again, and nobody else notices.</summary>
public sealed class AbandonedStreamTests
{
    private const int Places = 4;
    private const long Slack = 64L << 20;

    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task StreamInfer_ClientsThatLeaveInTheMiddle_FreePlacesQueueAndMemory()
    {
        await using var server = await StartAsync(queueLength: 400);
        await LeaveAsync(server, 200);
        var before = server.ResidentBytes;

        for (var i = 0; i < 4; i++)
            await LeaveAsync(server, 200);

        // Had any of them kept its place or its place in the queue, these would wait or be refused.
        await AnswerAsync(server, 3 * Places);
        Assert.InRange(server.ResidentBytes - before, long.MinValue, Slack);
    }

    [Fact]
    public async Task StreamInfer_ClientThatDoesNotRead_HoldsUpNobodyAndItsGenerationEnds()
    {
        await using var server = await StartAsync(queueLength: 4);
        using var channel = GrpcChannel.ForAddress(server.Address);
        var client = new InferenceService.InferenceServiceClient(channel);
        // As many as there are places, each with more than a connection takes unread; each has begun, and is then left alone.
        var request = Request(480);
        request.Output = new() { TopAlternatives = 20 };
        var unread = Enumerable.Range(0, Places).Select(_ => client.StreamInfer(new() { Request = request }, cancellationToken: _ct)).ToList();
        foreach (var call in unread)
            Assert.True(await call.ResponseStream.MoveNext(_ct));

        // They get their places only when the unread streams' generations have ended.
        await AnswerAsync(server, Places);

        // What was generated meanwhile has waited for its reader.
        foreach (var call in unread)
        {
            var last = default(StreamInferResponse);
            while (await call.ResponseStream.MoveNext(_ct))
                last = call.ResponseStream.Current;
            Assert.Equal(FinishReason.Length, last?.Finish?.FinishReason);
            call.Dispose();
        }
    }

    /// <summary>Streams whose connection breaks once some of them have begun; the others wait in the queue.</summary>
    private async Task LeaveAsync(ServerProcess server, int count)
    {
        using var handler = new SocketsHttpHandler { EnableMultipleHttp2Connections = true };
        var channel = GrpcChannel.ForAddress(server.Address, new GrpcChannelOptions { HttpHandler = handler });
        var client = new InferenceService.InferenceServiceClient(channel);
        var begun = new SemaphoreSlim(0);
        var streams = Enumerable.Range(0, count).Select(async _ =>
        {
            using var call = client.StreamInfer(new() { Request = Request(480) }, cancellationToken: _ct);
            await foreach (var response in call.ResponseStream.ReadAllAsync(_ct))
                begun.Release();
        }).ToList();
        for (var i = 0; i < 8; i++)
            await begun.WaitAsync(_ct);

        channel.Dispose();

        foreach (var stream in streams)
            await Assert.ThrowsAnyAsync<Exception>(() => stream);
    }

    private async Task AnswerAsync(ServerProcess server, int count)
    {
        var client = new InferenceService.InferenceServiceClient(server.Channel);
        for (var i = 0; i < count; i++)
        {
            var answer = await client.InferAsync(Request(4), cancellationToken: _ct);
            Assert.Equal(4, answer.Generation.Usage.OutputTokens);
        }
    }

    private static InferRequest Request(int tokens) => new()
    {
        Input = new() { TokenIds = new() { Ids = { 1, 5, 9 } } },
        Generation = new() { MaxNewTokens = tokens, IgnoreEndOfSequence = true },
    };

    private static Task<ServerProcess> StartAsync(int queueLength) => ServerProcess.StartAsync(
        ("Models:0:Id", "m"), ("Models:0:Path", Goldens.Stories260K), ("Onnx:MaxSequences", $"{Places}"),
        ("Inference:QueueLength", $"{queueLength}"));
}
