using Grpc.Core;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.EndToEnd.Tests.Models;

namespace SoftPromptGrpc.EndToEnd.Tests.Faults;

/// <summary>Keeps two trainings going, and knows what each must end in.</summary>
internal sealed class Trainer
{
    private static readonly (string Method, OptimizerKind Optimizer)[] Kinds =
    [
        ("prompt tuning", OptimizerKind.Adamw), ("P-tuning (LSTM)", OptimizerKind.Adamw), ("prefix tuning", OptimizerKind.Adafactor),
        ("multitask prompt tuning", OptimizerKind.Sgd),
    ];

    private readonly List<(string Request, string? Job, int Kind)> _open = [];
    private readonly List<string> _hashes = [];
    private int _submitted;

    /// <summary>Jobs whose end was seen.</summary>
    public int Finished { get; private set; }

    /// <summary>How often an attempt went on from a checkpoint.</summary>
    public int Resumed { get; private set; }

    /// <summary>Runs each kind to its end, undisturbed.</summary>
    public async Task LearnAsync(ServerProcess server, CancellationToken cancellationToken)
    {
        for (var kind = 0; kind < Kinds.Length; kind++)
            _hashes.Add((await WatchAsync(server, await SubmitAsync(server, $"reference-{kind}", kind, cancellationToken), cancellationToken)).ContentHash);
    }

    /// <summary>Works until the server is killed.</summary>
    public async Task RunAsync(ServerProcess server, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                while (_open.Count < 2)
                    _open.Add(($"request-{_submitted}", null, _submitted++ % Kinds.Length));
                await FinishAsync(server, cancellationToken);
            }
        }
        catch (RpcException) when (server.IsKilled)
        {
        }
    }

    /// <summary>Submits what is not known to be stored, and sees everything end as it must.</summary>
    public async Task FinishAsync(ServerProcess server, CancellationToken cancellationToken)
    {
        for (var i = 0; i < _open.Count; i++)
        {
            var (request, job, kind) = _open[i];
            _open[i] = (request, job ?? await SubmitAsync(server, request, kind, cancellationToken), kind);
        }
        while (_open is [var (_, job, kind), ..])
        {
            var result = await WatchAsync(server, job!, cancellationToken);
            Assert.Equal(_hashes[kind], result.ContentHash);
            _open.RemoveAt(0);
            Finished++;
        }
    }

    /// <summary>Every acknowledged job is there, and none has come to a bad end.</summary>
    public async Task CheckAsync(ServerProcess server, CancellationToken cancellationToken)
    {
        var client = new TrainingService.TrainingServiceClient(server.Channel);
        foreach (var (_, job, _) in _open.Where(open => open.Job is not null))
        {
            var state = (await client.GetTrainingJobAsync(new() { Job = job }, cancellationToken: cancellationToken)).Job.State;
            Assert.True(state is TrainingJobState.Queued or TrainingJobState.Running or TrainingJobState.Succeeded, $"{job}: {state}");
        }
    }

    private async Task<TrainingResult> WatchAsync(ServerProcess server, string job, CancellationToken cancellationToken)
    {
        using var call = new TrainingService.TrainingServiceClient(server.Channel).WatchTrainingJob(
            new() { Job = job }, cancellationToken: cancellationToken);
        var events = new List<TrainingEvent>();
        await foreach (var response in call.ResponseStream.ReadAllAsync(cancellationToken))
            events.Add(response.Event);
        Assert.Equal(Enumerable.Range(1, events.Count).Select(i => (long)i), events.Select(e => e.Sequence));
        Assert.True(events[^1].Result is not null, $"{events[^1]}");
        Resumed += events.Count(e => e.Started?.FromStep > 0);
        return events[^1].Result;
    }

    private static async Task<string> SubmitAsync(ServerProcess server, string request, int kind, CancellationToken cancellationToken)
    {
        using var call = new TrainingService.TrainingServiceClient(server.Channel).TrainPrompt(
            new() { Spec = Spec(kind), RequestId = request }, cancellationToken: cancellationToken);
        Assert.True(await call.ResponseStream.MoveNext(cancellationToken));
        return call.ResponseStream.Current.Event.Job;
    }

    private static TrainingSpec Spec(int kind)
    {
        var spec = new TrainingSpec
        {
            Prompt = $"trained-{kind}",
            VirtualTokens = 4,
            Steps = 60,
            BatchSize = 4,
            GradientAccumulationSteps = 2,
            CheckpointInterval = 2,
            AppendEndOfSequence = false,
            Evaluation = new() { SplitRatio = 0.25, Interval = 15 },
        };
        spec.Examples = new() { Examples = { Enumerable.Range(1, 20).Select(i => Example((uint)i)) } };
        TrainedMethods.Set(spec, Kinds[kind].Method);
        spec.Optimizer.Kind = Kinds[kind].Optimizer;
        return spec;
    }

    private static Example Example(uint i) => new() { Input = Ids(i, 7), Target = Ids((i % 2) + 20) };

    private static Content Ids(params uint[] ids) => new() { TokenIds = new() { Ids = { ids } } };
}
