using Google.Rpc;
using Grpc.Core;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.EndToEnd.Tests.Training;

/// <summary>Trainings that cannot be: each gets its status before a job exists, and the server serves on.</summary>
public sealed class BadTrainingTests(RealServer server)
{
    private readonly TrainingService.TrainingServiceClient _client = new(server.Channel);
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    public static TheoryData<string, Action<TrainingSpec>> Mistakes { get; } = new()
    {
        { "spec.examples", s => s.Examples = new() },
        { "spec.examples.examples[0].target", s => s.Examples.Examples[0].Target = Ids([.. Enumerable.Repeat(5u, 100_000)]) },
        { "spec.examples.examples[0].target.token_ids[0]", s => s.Examples.Examples[0].Target = Ids(uint.MaxValue) },
        { "spec.examples.examples[0].input.token_ids[1]", s => s.Examples.Examples[0].Input = Ids(1, 320) },
        { "spec.virtual_tokens", s => s.VirtualTokens = 0 },
        { "spec.virtual_tokens", s => s.VirtualTokens = 10_000 },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public async Task TrainPrompt_Mistake_NamesItsFieldAndLeavesNoJob(string field, Action<TrainingSpec> makeMistake)
    {
        var spec = new TrainingSpec { Model = RealServer.Llama, Prompt = "bad-training", Examples = new() };
        spec.Examples.Examples.Add(new Example { Input = Ids(1, 2), Target = Ids(3) });
        makeMistake(spec);

        var error = await RefusedAsync(spec);
        var jobs = await _client.ListTrainingJobsAsync(new() { Prompt = "bad-training" }, cancellationToken: _ct);

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Contains(field, error.GetRpcStatus()!.GetDetail<BadRequest>().FieldViolations.Select(v => v.Field));
        Assert.Empty(jobs.Jobs);
        await server.AssertServesAsync();
    }

    [Fact]
    public async Task TrainPrompt_UnknownModel_IsNotFound()
    {
        var spec = new TrainingSpec { Model = "none", Prompt = "bad-training", Examples = new() };
        spec.Examples.Examples.Add(new Example { Input = Ids(1, 2), Target = Ids(3) });

        Assert.Equal(StatusCode.NotFound, (await RefusedAsync(spec)).StatusCode);
    }

    [Fact]
    public async Task Job_Unknown_IsNotFound()
    {
        var errors = new[]
        {
            await Assert.ThrowsAsync<RpcException>(() => _client.GetTrainingJobAsync(new() { Job = "none" }, cancellationToken: _ct).ResponseAsync),
            await Assert.ThrowsAsync<RpcException>(() => _client.CancelTrainingJobAsync(new() { Job = "none" }, cancellationToken: _ct).ResponseAsync),
            await Assert.ThrowsAsync<RpcException>(
                () => _client.WatchTrainingJob(new() { Job = "none" }, cancellationToken: _ct).ResponseStream.MoveNext(_ct)),
        };

        Assert.All(errors, error => Assert.Equal(StatusCode.NotFound, error.StatusCode));
    }

    private Task<RpcException> RefusedAsync(TrainingSpec spec) => Assert.ThrowsAsync<RpcException>(
        () => _client.TrainPrompt(new() { Spec = spec }, cancellationToken: _ct).ResponseStream.MoveNext(_ct));

    private static Content Ids(params uint[] ids) => new() { TokenIds = new() { Ids = { ids } } };
}
