using Grpc.Core;
using SoftPromptGrpc.Client.Tests.Fakes;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Client.Tests;

public sealed class TrainingClientTests : IAsyncLifetime
{
    private static readonly TrainingSpec Spec = new() { Prompt = "p" };

    private readonly FakeServer _server = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => _server.InitializeAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task TrainAsync_Undisturbed_YieldsEveryEvent()
    {
        _server.Training.Events = TrainingScript.Succeeds();
        await using var client = _server.Connect();

        var events = await client.TrainAsync("p", [("good", "yes")], Token).ToListAsync(Token);

        Assert.Equal(_server.Training.Events, events);
        var example = Assert.Single(Assert.Single(_server.Training.Submissions).Spec.Examples.Examples);
        Assert.Equal(("good", "yes"), (example.Input.Text, example.Target.Text));
    }

    [Fact]
    public async Task TrainAsync_ConnectionAborted_AttachesBehindTheLastEvent()
    {
        _server.Training.Events = TrainingScript.Succeeds();
        var received = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _server.Training.Faults.Enqueue(StreamFault.Aborts(3, received.Task));
        _server.Training.Faults.Enqueue(StreamFault.Throws(6, Failures.Unavailable()));
        await using var client = _server.Connect();

        var events = new List<TrainingEvent>();
        await foreach (var item in client.TrainAsync(Spec, Token))
        {
            events.Add(item);
            if (item.Sequence == 3)
                received.SetResult();
        }

        Assert.Equal(_server.Training.Events, events);
        Assert.Single(_server.Training.Submissions);
        Assert.Equal([3, 6], _server.Training.WatchedAfter);
    }

    [Fact]
    public async Task TrainAsync_StreamEndsBeforeTheJob_AttachesAgain()
    {
        _server.Training.Events = TrainingScript.Succeeds();
        _server.Training.Faults.Enqueue(StreamFault.Ends(5));
        await using var client = _server.Connect();

        var events = await client.TrainAsync(Spec, Token).ToListAsync(Token);

        Assert.Equal(_server.Training.Events, events);
        Assert.Equal([5], _server.Training.WatchedAfter);
    }

    [Fact]
    public async Task TrainAsync_EventsSentTwice_YieldsThemOnce()
    {
        _server.Training.Events = TrainingScript.Succeeds();
        _server.Training.Faults.Enqueue(StreamFault.Throws(5, Failures.Unavailable()));
        _server.Training.Faults.Enqueue(StreamFault.None with { Repeats = 3 });
        await using var client = _server.Connect();

        var events = await client.TrainAsync(Spec, Token).ToListAsync(Token);

        Assert.Equal(_server.Training.Events, events);
    }

    [Fact]
    public async Task TrainAsync_SubmissionUnanswered_IsRepeatedWithTheSameRequestId()
    {
        _server.Training.Events = TrainingScript.Succeeds();
        _server.Training.Faults.Enqueue(StreamFault.Aborts(0, Task.CompletedTask));
        _server.Training.Faults.Enqueue(StreamFault.Throws(0, Failures.Busy(TimeSpan.FromMilliseconds(1))));
        await using var client = _server.Connect();

        await client.TrainAsync(Spec, Token).ToListAsync(Token);

        Assert.Equal(3, _server.Training.Submissions.Count);
        Assert.NotEqual("", _server.Training.Submissions[0].RequestId);
        Assert.Single(_server.Training.Submissions.Select(request => request.RequestId).Distinct());
    }

    [Fact]
    public async Task TrainAsync_TwoRuns_HaveTwoRequestIds()
    {
        _server.Training.Events = TrainingScript.Succeeds();
        await using var client = _server.Connect();

        await client.TrainAsync(Spec, Token).ToListAsync(Token);
        await client.TrainAsync(Spec, Token).ToListAsync(Token);

        Assert.NotEqual(_server.Training.Submissions[0].RequestId, _server.Training.Submissions[1].RequestId);
    }

    [Fact]
    public async Task TrainAsync_Refused_IsNotRepeated()
    {
        _server.Training.Faults.Enqueue(StreamFault.Throws(0, Failures.Invalid(("spec.prompt", "is no name"))));
        await using var client = _server.Connect();

        var error = await Assert.ThrowsAsync<SoftPromptRpcException>(
            async () => await client.TrainAsync(Spec, Token).ToListAsync(Token));

        Assert.Equal(StatusCode.InvalidArgument, error.StatusCode);
        Assert.Single(_server.Training.Submissions);
    }

    [Fact]
    public async Task TrainAsync_DropsWithoutEnd_GivesUpAfterTheBound()
    {
        _server.Training.Events = TrainingScript.Succeeds();
        for (var i = 0; i < 10; i++)
            _server.Training.Faults.Enqueue(StreamFault.Throws(2, Failures.Unavailable()));
        await using var client = _server.Connect(new SoftPromptClientOptions { MaxReattachments = 3 });

        var error = await Assert.ThrowsAsync<SoftPromptRpcException>(
            async () => await client.TrainAsync(Spec, Token).ToListAsync(Token));

        Assert.Equal(StatusCode.Unavailable, error.StatusCode);
        Assert.Equal([2, 2, 2], _server.Training.WatchedAfter);
    }

    [Fact]
    public async Task WatchAsync_AfterSequence_YieldsOnlyLaterEvents()
    {
        _server.Training.Events = TrainingScript.Fails();
        await using var client = _server.Connect();

        var events = await client.WatchAsync(FakeTrainingService.JobId, 7, Token).ToListAsync(Token);

        Assert.Equal([8, 9], events.Select(item => item.Sequence));
    }

    [Fact]
    public async Task WatchAsync_NothingLeftOfAFinishedJob_EndsEmpty()
    {
        _server.Training.Events = TrainingScript.Succeeds();
        _server.Training.Job = new TrainingJob { Id = FakeTrainingService.JobId, State = TrainingJobState.Succeeded, LastSequence = 10 };
        await using var client = _server.Connect();

        Assert.Empty(await client.WatchAsync(FakeTrainingService.JobId, 10, Token).ToListAsync(Token));
    }

    [Fact]
    public async Task WatchAsync_Cancelled_ThrowsOperationCanceled()
    {
        using var source = CancellationTokenSource.CreateLinkedTokenSource(Token);
        _server.Training.Events = TrainingScript.Succeeds();
        _server.Training.Faults.Enqueue(StreamFault.Hangs(4, source.Cancel));
        await using var client = _server.Connect();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await client.WatchAsync(FakeTrainingService.JobId, 0, source.Token).ToListAsync(Token));
    }

    [Fact]
    public async Task WatchAsync_UnknownJob_IsNotFoundAtOnce()
    {
        await using var client = _server.Connect();

        var error = await Assert.ThrowsAsync<SoftPromptRpcException>(
            async () => await client.WatchAsync("none", 0, Token).ToListAsync(Token));

        Assert.Equal(StatusCode.NotFound, error.StatusCode);
    }
}
