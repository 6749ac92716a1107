using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Server.Jobs;
using SoftPromptGrpc.Server.Paging;
using SoftPromptGrpc.Server.Prompts;
using SoftPromptGrpc.Server.Storage;
using SoftPromptGrpc.Server.Tests.Storage;
using Kind = SoftPromptGrpc.Contracts.V1.TrainingEvent.KindOneofCase;
using State = SoftPromptGrpc.Contracts.V1.TrainingJobState;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Tests.Jobs;

public abstract class TrainingJobsTests : IAsyncDisposable
{
    private readonly TestStore _file;
    private readonly JobsHost _host;
    private readonly CancellationToken _ct = TestContext.Current.CancellationToken;

    protected TrainingJobsTests(TestStore file)
    {
        _file = file;
        _host = new JobsHost(file, options => options.MaxQueued = 5);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _file.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Train_SmallSpec_TellsTheWholeStoryInOrderWithoutGaps()
    {
        await _host.StartAsync();
        var spec = Specs.Small(s =>
        {
            s.Evaluation = new() { SplitRatio = 0.25, Interval = 2 };
            s.CheckpointInterval = 2;
        });

        var events = new List<Wire.TrainingEvent>();
        await foreach (var happened in _host.Jobs.TrainAsync(spec, "", cancelWithCaller: false, _ct))
            events.Add(happened);

        Assert.Equal(
            [
                Kind.Accepted, Kind.DatasetReport, Kind.Started, Kind.Baseline, Kind.Step, Kind.Step, Kind.Evaluation, Kind.Checkpoint,
                Kind.Step, Kind.Evaluation, Kind.Checkpoint, Kind.Result,
            ],
            events.Select(e => e.KindCase));
        Assert.Equal(Enumerable.Range(1, events.Count).Select(i => (long)i), events.Select(e => e.Sequence));
        Assert.All(events, e => Assert.Equal(events[0].Accepted.Job.Id, e.Job));
        Assert.Equal(events.OrderBy(e => e.Time.ToDateTimeOffset()), events);
        Assert.Equal(3, events[2].Started.TotalSteps);
        Assert.Equal([1, 2, 3], events.Where(e => e.KindCase == Kind.Step).Select(e => e.Step.Step));
        Assert.Equal(3, events[9].Evaluation.BestStep);
    }

    [Fact]
    public async Task Train_WhenDone_StoresPromptJobAndLineage()
    {
        await _host.StartAsync();
        var job = await SubmitAsync(Specs.Small(s =>
        {
            s.Labels["team"] = "x";
            s.Template = new() { Pattern = "Say: {input}" };
        }));

        var result = (await _host.WatchAsync(job, 0, _ct))[^1].Result;
        var stored = await _host.Jobs.GetAsync(job, _ct);
        var prompt = await _host.Prompts.FindAsync(PromptReference.Parse(result.Prompt), _ct);
        var numbers = await _host.Prompts.LoadAsync(prompt, _ct);
        var lineage = Lineages.Read(prompt.Lineage);

        Assert.Equal("small@1", result.Prompt);
        Assert.Equal(State.Succeeded, stored.State);
        Assert.Equal(result, stored.Result);
        Assert.Equal(3, stored.Step);
        Assert.Equal(result.ContentHash, numbers.ContentHash);
        Assert.All(numbers.Values.ToArray(), v => Assert.Equal(3, v));
        Assert.Equal("Say: {input}", prompt.Template.Pattern);
        Assert.Equal("x", prompt.Labels["team"]);
        Assert.Equal(job, lineage.Trained.Job);
        Assert.Equal(result, lineage.Trained.Result);
        Assert.Equal(stored.Spec, lineage.Trained.Spec);
        Assert.Equal(stored.DatasetReport.Sha256, lineage.Trained.DataSha256);
        Assert.Null(stored.Spec.Examples);
    }

    [Fact]
    public async Task Submit_SameRequestIdAndSpec_AttachesToTheFirstJob()
    {
        var first = await _host.Jobs.SubmitAsync(Specs.Small(), "r", _ct);
        var second = await _host.Jobs.SubmitAsync(Specs.Small(), "r", _ct);

        Assert.Equal(first.Id, second.Id);
        Assert.Single((await ListAsync()).Jobs);
    }

    [Fact]
    public async Task Submit_SameRequestIdAtOnce_MakesOneJob()
    {
        var jobs = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(_ => Task.Run(() => _host.Jobs.SubmitAsync(Specs.Small(), "r", _ct), _ct)));

        Assert.Single(jobs.Select(j => j.Id).Distinct());
        Assert.Single((await ListAsync()).Jobs);
    }

    [Fact]
    public async Task Submit_SameRequestIdAnotherSpec_AlreadyExists()
    {
        await _host.Jobs.SubmitAsync(Specs.Small(), "r", _ct);

        var error = await Assert.ThrowsAsync<SoftPromptException>(() => _host.Jobs.SubmitAsync(Specs.Small(s => s.Steps = 4), "r", _ct));

        Assert.Equal(ErrorKind.AlreadyExists, error.Kind);
    }

    [Fact]
    public async Task Submit_QueueFull_IsRefusedButARepeatedRequestIsNot()
    {
        var first = await _host.Jobs.SubmitAsync(Specs.Small(), "r", _ct);
        for (var i = 1; i < 5; i++)
            await SubmitAsync(Specs.Small());

        var error = await Assert.ThrowsAsync<SoftPromptException>(() => SubmitAsync(Specs.Small()));

        Assert.Equal(ErrorKind.Overloaded, error.Kind);
        Assert.Equal(first.Id, (await _host.Jobs.SubmitAsync(Specs.Small(), "r", _ct)).Id);
    }

    [Fact]
    public async Task Submit_NoSpecOrLongRequestId_IsInvalid()
    {
        var noSpec = await Assert.ThrowsAsync<SoftPromptException>(() => _host.Jobs.SubmitAsync(null, "", _ct));
        var longId = await Assert.ThrowsAsync<SoftPromptException>(() => _host.Jobs.SubmitAsync(Specs.Small(), new string('r', 129), _ct));

        Assert.Equal("spec", Assert.Single(noSpec.Violations).Field);
        Assert.Equal("request_id", Assert.Single(longId.Violations).Field);
    }

    [Fact]
    public async Task Queue_WithPriorities_RunsTheHighestThenTheOldest()
    {
        var low = await SubmitAsync(Specs.Small(s => s.Priority = -1));
        var first = await SubmitAsync(Specs.Small());
        var second = await SubmitAsync(Specs.Small());
        var high = await SubmitAsync(Specs.Small(s => s.Priority = 5));

        var positions = await Task.WhenAll(new[] { low, first, second, high }.Select(PositionAsync));
        Assert.Equal([3, 1, 2, 0], positions);

        await _host.StartAsync();
        await _host.WatchAsync(low, 0, _ct);
        var jobs = (await ListAsync()).Jobs.OrderBy(j => j.StartTime.ToDateTimeOffset());
        Assert.Equal([high, first, second, low], jobs.Select(j => j.Id));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(100)]
    public async Task Watch_AfterTheEnd_GivesWhatIsLeft(int after)
    {
        await _host.StartAsync();
        var job = await SubmitAsync(Specs.Small());
        var all = await _host.WatchAsync(job, 0, _ct);

        Assert.Equal(all.Skip(after), await _host.WatchAsync(job, after, _ct));
    }

    [Fact]
    public async Task Watch_ManyWatchersWhileTheJobRuns_EachSeesEveryEventOnce()
    {
        await _host.StartAsync();
        _host.Backend.HoldBefore(50);
        var job = await SubmitAsync(Specs.Small(s => s.Steps = 400));
        var early = Enumerable.Range(0, 4).Select(i => _host.WatchAsync(job, i, _ct)).ToList();
        await _host.WaitForAsync(job, e => e.Step?.Step == 49, _ct);
        early.AddRange(Enumerable.Range(4, 4).Select(i => _host.WatchAsync(job, i * 10, _ct)));
        _host.Backend.Release();

        var seen = await Task.WhenAll(early);

        var last = (await _host.Jobs.GetAsync(job, _ct)).LastSequence;
        Assert.Equal(3 + 400 + 8 + 1, last); // Its beginning, the steps, a checkpoint every 50, its end.
        for (var i = 0; i < seen.Length; i++)
        {
            var after = i < 4 ? i : i * 10;
            Assert.Equal(Enumerable.Range(after + 1, (int)last - after).Select(s => (long)s), seen[i].Select(e => e.Sequence));
        }
    }

    [Fact]
    public async Task Watch_UnknownJobOrNegativeSequence_IsRefused()
    {
        var unknown = await Assert.ThrowsAsync<SoftPromptException>(() => _host.WatchAsync("none", 0, _ct));
        var negative = await Assert.ThrowsAsync<SoftPromptException>(() => _host.WatchAsync("none", -1, _ct));

        Assert.Equal(ErrorKind.NotFound, unknown.Kind);
        Assert.Equal("after_sequence", Assert.Single(negative.Violations).Field);
    }

    [Fact]
    public async Task Cancel_Queued_EndsAtOnceAndItNeverRuns()
    {
        var job = await SubmitAsync(Specs.Small());

        var cancelled = await _host.Jobs.CancelAsync(job, _ct);
        await _host.StartAsync();
        await _host.WatchAsync(await SubmitAsync(Specs.Small()), 0, _ct);

        Assert.Equal(State.Cancelled, cancelled.State);
        Assert.NotNull(cancelled.EndTime);
        Assert.Equal(Kind.Cancelled, (await _host.WatchAsync(job, 0, _ct))[^1].KindCase);
        Assert.Single(_host.Backend.Begun);
    }

    [Fact]
    public async Task Cancel_Running_EndsAsCancelledAndTheNextJobRuns()
    {
        await _host.StartAsync();
        _host.Backend.HoldBefore(3);
        var job = await SubmitAsync(Specs.Small());
        var next = await SubmitAsync(Specs.Small());
        await _host.WaitForAsync(job, e => e.Step?.Step == 2, _ct);

        await _host.Jobs.CancelAsync(job, _ct);
        var events = await _host.WatchAsync(job, 0, _ct);
        _host.Backend.Release();

        Assert.Equal(2, events[^1].Cancelled.Step);
        Assert.Equal(State.Cancelled, (await _host.Jobs.GetAsync(job, _ct)).State);
        Assert.Equal(Kind.Result, (await _host.WatchAsync(next, 0, _ct))[^1].KindCase);
    }

    [Fact]
    public async Task Cancel_Finished_ChangesNothing()
    {
        await _host.StartAsync();
        var job = await SubmitAsync(Specs.Small());
        await _host.WatchAsync(job, 0, _ct);
        var before = await _host.Jobs.GetAsync(job, _ct);

        Assert.Equal(before, await _host.Jobs.CancelAsync(job, _ct));
    }

    [Fact]
    public async Task Train_CallerLeaves_JobGoesOn()
    {
        await _host.StartAsync();
        _host.Backend.HoldBefore(2);
        var job = await AbandonAsync(cancelWithCaller: false);
        _host.Backend.Release();

        Assert.Equal(Kind.Result, (await _host.WatchAsync(job, 0, _ct))[^1].KindCase);
    }

    [Fact]
    public async Task Train_CallerWithCancelOnDisconnectLeaves_JobEnds()
    {
        await _host.StartAsync();
        _host.Backend.HoldBefore(2);
        var job = await AbandonAsync(cancelWithCaller: true);

        Assert.Equal(Kind.Cancelled, (await _host.WatchAsync(job, 0, _ct))[^1].KindCase);
    }

    [Fact]
    public async Task Run_BackendDiverges_FailsWithItsReasonAndKeepsTheCheckpoint()
    {
        await _host.StartAsync();
        _host.Backend.BeforeStep = step =>
        {
            if (step == 3)
                throw new SoftPromptException(ErrorKind.Precondition, "The loss is not finite at step 3.");
        };
        var job = await SubmitAsync(Specs.Small(s => s.CheckpointInterval = 1));

        var failure = (await _host.WatchAsync(job, 0, _ct))[^1].Failure;
        var stored = await _host.Jobs.GetAsync(job, _ct);

        Assert.Equal(
            new Wire.TrainingFailure { Code = 9, Message = "The loss is not finite at step 3.", Step = 2, CheckpointStep = 2 }, failure);
        Assert.Equal(State.Failed, stored.State);
        Assert.Equal(failure, stored.Failure);
        await using var store = await _host.Contexts.CreateDbContextAsync(_ct);
        Assert.Equal(2, TrainingStateFormat.Read(Assert.Single(store.Checkpoints).State).Step);
    }

    [Fact]
    public async Task Run_BackendBreaks_FailsAsInternalWithoutDetails()
    {
        await _host.StartAsync();
        _host.Backend.BeforeStep = _ => throw new InvalidOperationException("/secret/path");
        var job = await SubmitAsync(Specs.Small());

        var failure = (await _host.WatchAsync(job, 0, _ct))[^1].Failure;

        Assert.Equal((13, "Internal error."), (failure.Code, failure.Message));
    }

    [Fact]
    public async Task Run_OverMaxDuration_Fails()
    {
        await _host.StartAsync();
        _host.Backend.HoldBefore(2);
        var job = await SubmitAsync(Specs.Small(s => s.MaxDuration = new() { Nanos = 1_000_000 }));

        Assert.Equal(4, (await _host.WatchAsync(job, 0, _ct))[^1].Failure.Code);
    }

    [Fact]
    public async Task List_FilteredInPagesOfOne_GivesTheNewestFirst()
    {
        await _host.StartAsync();
        var (a, b, c) = (await SubmitAsync(Specs.Small()), await SubmitAsync(Specs.Small(s => s.Prompt = "b")), await SubmitAsync(Specs.Small()));
        await _host.WatchAsync(a, 0, _ct);
        await _host.WatchAsync(b, 0, _ct);
        await _host.WatchAsync(c, 0, _ct);

        Assert.Equal(string.Join(",", (string[])[c, b, a]), string.Join(",", await IdsAsync()));
        Assert.Equal(string.Join(",", (string[])[c, a]), string.Join(",", await IdsAsync(prompt: "small")));
        Assert.Equal(string.Join(",", (string[])[c, b, a]), string.Join(",", await IdsAsync(state: JobState.Succeeded)));
        Assert.Empty(await IdsAsync(state: JobState.Queued));
        Assert.Empty(await IdsAsync(model: "other"));
    }

    private async Task<string> SubmitAsync(Wire.TrainingSpec spec) => (await _host.Jobs.SubmitAsync(spec, "", _ct)).Id;

    private async Task<int> PositionAsync(string id) => (await _host.Jobs.GetAsync(id, _ct)).QueuePosition;

    /// <summary>Begins a job and leaves after its first step.</summary>
    private async Task<string> AbandonAsync(bool cancelWithCaller)
    {
        await foreach (var happened in _host.Jobs.TrainAsync(Specs.Small(), "", cancelWithCaller, _ct))
        {
            if (happened.KindCase == Kind.Step)
                return happened.Job;
        }
        throw new InvalidOperationException("There was no step.");
    }

    private Task<JobPage> ListAsync() => _host.Jobs.ListAsync(new JobQuery([], "", "", 100, null, ""), _ct);

    private async Task<List<string>> IdsAsync(JobState? state = null, string model = "", string prompt = "")
    {
        var ids = new List<string>();
        PageToken? after = null;
        while (true)
        {
            JobState[] states = state is { } only ? [only] : [];
            var page = await _host.Jobs.ListAsync(new JobQuery(states, model, prompt, 1, after, "key"), _ct);
            ids.AddRange(page.Jobs.Select(j => j.Id));
            if (page.NextPageToken.Length == 0)
                return ids;
            after = PageToken.Parse(page.NextPageToken, "key", _ => true, new Violations());
        }
    }
}

public sealed class SqliteTrainingJobsTests() : TrainingJobsTests(new StoreFile());

public sealed class PostgresTrainingJobsTests() : TrainingJobsTests(new PostgresDatabase());
