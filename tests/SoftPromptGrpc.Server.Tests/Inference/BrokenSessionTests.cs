using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Tests.Inference;

public sealed class BrokenSessionTests
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Infer_AfterTheSessionBroke_IsAnsweredByANewOne()
    {
        await using var server = new ServerFixture();
        server.Backend.FailsToClose = true;
        var client = new InferenceService.InferenceServiceClient(server.Channel);
        var request = new InferRequest
        {
            Model = ServerFixture.Model,
            Input = new() { Text = "a" },
            Generation = new() { MaxNewTokens = 1, IgnoreEndOfSequence = true },
        };

        var before = await client.InferAsync(request, cancellationToken: _ct);
        server.Backend.FailsToClose = false;
        while (!server.Backend.Sessions.First().IsDisposed)
            await Task.Yield();
        var after = await client.InferAsync(request, cancellationToken: _ct);

        Assert.Equal(before.Generation.TokenIds, after.Generation.TokenIds);
        Assert.Equal(3, server.Backend.Sessions.Count);
    }
}
