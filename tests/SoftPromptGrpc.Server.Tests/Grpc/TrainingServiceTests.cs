using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Server.Tests.Fakes;
using SoftPromptGrpc.Server.Tests.Jobs;
using Client = SoftPromptGrpc.Contracts.V1.TrainingService.TrainingServiceClient;
using Kind = SoftPromptGrpc.Contracts.V1.TrainingEvent.KindOneofCase;
using TrainingEvent = SoftPromptGrpc.Contracts.V1.TrainingEvent;

namespace SoftPromptGrpc.Server.Tests.Grpc;

public sealed class TrainingServiceTests(TrainingServiceTests.TrainingServer server) : IClassFixture<TrainingServiceTests.TrainingServer>
{
    private readonly Client _client = new(server.Channel);
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    /// <summary>A server whose jobs run on the fake backend.</summary>
    public sealed class TrainingServer : ServerFixture
    {
        internal FakeTrainingBackend Training { get; } = new();

        protected override IEnumerable<(string Key, string Value)> Settings => [("Jobs:Backend", FakeTrainingBackend.DefaultName)];

        protected override void ConfigureServices(IServiceCollection services) => services.AddSingleton<ITrainingBackend>(Training);
    }

    [Fact]
    public async Task TrainPrompt_SmallSpec_StreamsFromAcceptedToResult()
    {
        var events = await TrainAsync(new() { Spec = Spec("stream") });
        var prompts = new PromptService.PromptServiceClient(server.Channel);
        var prompt = (await prompts.GetPromptAsync(new() { Prompt = events[^1].Result.Prompt }, cancellationToken: _ct)).Prompt;
        var job = (await _client.GetTrainingJobAsync(new() { Job = events[0].Job }, cancellationToken: _ct)).Job;

        Assert.Equal(
            [Kind.Accepted, Kind.DatasetReport, Kind.Started, Kind.Step, Kind.Step, Kind.Step, Kind.Checkpoint, Kind.Result],
            events.Select(e => e.KindCase));
        Assert.Equal(events[^1].Result.ContentHash, prompt.ContentHash);
        Assert.Equal(job.Id, prompt.Lineage.Trained.Job);
        Assert.Equal((TrainingJobState.Succeeded, events[^1].Sequence, 1), (job.State, job.LastSequence, job.Attempts));
    }

    [Fact]
    public async Task TrainPrompt_SeveralMistakes_IsInvalidWithAllOfThem()
    {
        var error = await Assert.ThrowsAsync<RpcException>(() => TrainAsync(new()
        {
            Spec = Spec("bad", s => (s.VirtualTokens, s.Examples) = (0, new())),
        }));

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Equal(
            ["spec.virtual_tokens", "spec.examples"],
            error.GetRpcStatus()!.GetDetail<Google.Rpc.BadRequest>()!.FieldViolations.Select(v => v.Field));
    }

    [Fact]
    public async Task TrainPrompt_NoSpec_IsInvalid() =>
        Assert.Equal(StatusCode.InvalidArgument, (await Assert.ThrowsAsync<RpcException>(() => TrainAsync(new()))).StatusCode);

    [Fact]
    public async Task TrainPrompt_FailingJob_EndsWithTheFailureAndStatusOk()
    {
        server.Training.BeforeStep = _ => throw new Core.SoftPromptException(Core.ErrorKind.Precondition, "The loss is not finite.");
        try
        {
            var events = await TrainAsync(new() { Spec = Spec("failing") });

            Assert.Equal((9, "The loss is not finite."), (events[^1].Failure.Code, events[^1].Failure.Message));
        }
        finally
        {
            server.Training.BeforeStep = _ => { };
        }
    }

    [Fact]
    public async Task TrainPrompt_SameRequestId_AttachesToTheFirstJob()
    {
        var request = new TrainPromptRequest { Spec = Spec("again"), RequestId = "again" };

        Assert.Equal(await TrainAsync(request), await TrainAsync(request));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TrainPrompt_CallDropped_CancelsOnlyWhenAsked(bool cancelOnDisconnect)
    {
        server.Training.HoldBefore(3);
        using var dropped = CancellationTokenSource.CreateLinkedTokenSource(_ct);
        var request = new TrainPromptRequest { Spec = Spec("dropped"), CancelOnDisconnect = cancelOnDisconnect };
        using var call = _client.TrainPrompt(request, cancellationToken: dropped.Token);
        do
            Assert.True(await call.ResponseStream.MoveNext(_ct));
        while (call.ResponseStream.Current.Event.KindCase != Kind.Step);
        var job = call.ResponseStream.Current.Event.Job;
        await dropped.CancelAsync();
        if (!cancelOnDisconnect)
            server.Training.Release();

        var last = (await WatchAsync(job, 0))[^1];
        server.Training.Release();

        Assert.Equal(cancelOnDisconnect ? Kind.Cancelled : Kind.Result, last.KindCase);
    }

    [Fact]
    public async Task WatchTrainingJob_AfterASequence_GivesTheRest()
    {
        var events = await TrainAsync(new() { Spec = Spec("watch") });

        Assert.Equal(events.Skip(3), await WatchAsync(events[0].Job, 3));
    }

    [Fact]
    public async Task UnknownJob_AnyMethod_IsNotFound()
    {
        var watch = await Assert.ThrowsAsync<RpcException>(() => WatchAsync("none", 0));
        var get = await Assert.ThrowsAsync<RpcException>(async () => await _client.GetTrainingJobAsync(new() { Job = "none" }, cancellationToken: _ct));
        var cancel = await Assert.ThrowsAsync<RpcException>(
            async () => await _client.CancelTrainingJobAsync(new() { Job = "none" }, cancellationToken: _ct));

        Assert.All([watch, get, cancel], error =>
        {
            Assert.Equal(StatusCode.NotFound, error.StatusCode);
            Assert.Equal("JOB_NOT_FOUND", error.GetRpcStatus()!.GetDetail<Google.Rpc.ErrorInfo>()!.Reason);
        });
    }

    [Fact]
    public async Task CancelTrainingJob_Finished_ChangesNothing()
    {
        var events = await TrainAsync(new() { Spec = Spec("finished") });

        var job = (await _client.CancelTrainingJobAsync(new() { Job = events[0].Job }, cancellationToken: _ct)).Job;

        Assert.Equal(TrainingJobState.Succeeded, job.State);
    }

    [Fact]
    public async Task ListTrainingJobs_ByPromptInPages_GivesTheNewestFirst()
    {
        var first = (await TrainAsync(new() { Spec = Spec("listed") }))[0].Job;
        var second = (await TrainAsync(new() { Spec = Spec("listed") }))[0].Job;
        var request = new ListTrainingJobsRequest { Prompt = "listed", States = { TrainingJobState.Succeeded }, PageSize = 1 };

        var newest = await _client.ListTrainingJobsAsync(request, cancellationToken: _ct);
        request.PageToken = newest.NextPageToken;
        var oldest = await _client.ListTrainingJobsAsync(request, cancellationToken: _ct);

        Assert.Equal((second, first), (Assert.Single(newest.Jobs).Id, Assert.Single(oldest.Jobs).Id));
        Assert.Empty(oldest.NextPageToken);
    }

    [Fact]
    public async Task ListTrainingJobs_EverythingWrong_ReportsEveryViolation()
    {
        var request = new ListTrainingJobsRequest { PageSize = -1, PageToken = "?", States = { TrainingJobState.Unspecified } };

        var error = await Assert.ThrowsAsync<RpcException>(async () => await _client.ListTrainingJobsAsync(request, cancellationToken: _ct));

        Assert.Equal(
            ["states", "page_size", "page_token"],
            error.GetRpcStatus()!.GetDetail<Google.Rpc.BadRequest>()!.FieldViolations.Select(v => v.Field));
    }

    [Fact]
    public async Task ResumeTrainingJob_Unknown_IsNotFound()
    {
        using var call = _client.ResumeTrainingJob(new() { Job = "none" }, cancellationToken: _ct);

        var error = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(_ct));

        Assert.Equal(StatusCode.NotFound, error.StatusCode);
    }

    private async Task<List<TrainingEvent>> TrainAsync(TrainPromptRequest request)
    {
        using var call = _client.TrainPrompt(request, cancellationToken: _ct);
        return await call.ResponseStream.ReadAllAsync(_ct).Select(r => r.Event).ToListAsync(_ct);
    }

    private async Task<List<TrainingEvent>> WatchAsync(string job, long afterSequence)
    {
        using var call = _client.WatchTrainingJob(new() { Job = job, AfterSequence = afterSequence }, cancellationToken: _ct);
        return await call.ResponseStream.ReadAllAsync(_ct).Select(r => r.Event).ToListAsync(_ct);
    }

    private static TrainingSpec Spec(string prompt, Action<TrainingSpec>? change = null) => Specs.Small(s =>
    {
        (s.Model, s.Prompt) = (ServerFixture.Model, prompt);
        change?.Invoke(s);
    });
}
