using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Server.Tests.Fakes;

namespace SoftPromptGrpc.Server.Tests.Inference;

public sealed class ShutdownTests
{
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    [Fact]
    public async Task StreamInfer_ServerStops_EndsAsCancelledAfterTheGracePeriod()
    {
        var gate = new StepGate();
        await using var server = new Server();
        server.Backend.Stepping = gate.Pass;
        var endless = new InferRequest
        {
            Model = ServerFixture.Model,
            Input = new() { Text = "a" },
            Generation = new() { IgnoreEndOfSequence = true },
        };
        using var call = new InferenceService.InferenceServiceClient(server.Channel).StreamInfer(
            new() { Request = endless }, cancellationToken: _ct);
        gate.Allow(3);
        await gate.Reached(3);

        server.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        gate.Open();

        var finish = default(GenerationFinish);
        var tokens = 0;
        await foreach (var response in call.ResponseStream.ReadAllAsync(_ct))
        {
            finish = response.Finish;
            tokens += response.Chunk?.TokenIds.Count ?? 0;
        }
        Assert.Equal(FinishReason.Cancelled, finish?.FinishReason);
        Assert.Equal(4, tokens);
    }

    private sealed class Server : ServerFixture
    {
        protected override IEnumerable<(string, string)> Settings => [("Server:ShutdownGrace", "00:00:00")];
    }
}
