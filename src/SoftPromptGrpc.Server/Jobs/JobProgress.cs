using System.Threading.Channels;
using Google.Protobuf.WellKnownTypes;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Server.Storage;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Jobs;

/// <summary>
/// Takes a backend's events on the training thread, which never waits here, and stores them in small batches: steps together, all
/// else at once.
/// </summary>
/// <param name="from">What the attempt continues from; null: the beginning.</param>
/// <param name="delay">How long steps may wait for each other.</param>
internal sealed class JobProgress(
    JobStore jobs, StoredJob job, int totalSteps, TrainingState? from, TimeSpan delay, EventThinning thinning, TimeProvider time)
    : IProgress<TrainingEvent>
{
    private const int MostTogether = 50;

    private readonly Channel<Happened> _happened = Channel.CreateUnbounded<Happened>(new UnboundedChannelOptions { SingleWriter = true });
    private readonly long _started = time.GetTimestamp();
    private readonly TimeSpan _before = job.TrainingTime;
    private int _bestStep = from?.BestStep ?? 0;
    private EvaluationResult? _best = from?.BestResult;

    /// <summary>Time spent on this job, over all attempts.</summary>
    public TimeSpan TrainingTime => _before + time.GetElapsedTime(_started);

    public void Report(TrainingEvent value)
    {
        var message = ToMessage(value);
        message.Time = time.GetUtcNow().ToTimestamp();
        _happened.Writer.TryWrite(new Happened(message, (value as StepDone)?.Step, (value as CheckpointTaken)?.State));
    }

    /// <summary>There will be no further events: what was reported is stored and <see cref="StoreAsync"/> ends.</summary>
    public void Complete() => _happened.Writer.Complete();

    public async Task StoreAsync()
    {
        var batch = new List<Happened>(MostTogether);
        while (await CollectAsync(batch))
        {
            await jobs.AppendAsync(job.Number, [.. batch.Select(h => h.Message)], (store, stored) => ApplyAsync(batch, store, stored), default);
            batch.Clear();
        }
    }

    /// <returns>Whether there is anything to store.</returns>
    private async Task<bool> CollectAsync(List<Happened> batch)
    {
        if (!await _happened.Reader.WaitToReadAsync())
            return false;
        var deadline = Task.Delay(delay, time);
        while (batch.Count < MostTogether && (batch.Count == 0 || batch[^1].MayWait))
        {
            if (_happened.Reader.TryRead(out var happened))
            {
                batch.Add(happened);
                continue;
            }
            var more = _happened.Reader.WaitToReadAsync().AsTask();
            if (await Task.WhenAny(more, deadline) == deadline || !await more)
                break;
        }
        return true;
    }

    private async Task ApplyAsync(List<Happened> batch, StoreContext store, StoredJob stored)
    {
        stored.Step = batch.LastOrDefault(h => h.Step is not null)?.Step ?? stored.Step;
        stored.TrainingTime = TrainingTime;
        if (thinning.IsDue(stored.LastSequence, stored.LastSequence + batch.Count))
            await store.ThinEventsAsync(stored, thinning);
        if (batch.LastOrDefault(h => h.Checkpoint is not null)?.Checkpoint is { } state)
        {
            await store.PutCheckpointAsync(stored, state);
            stored.Crashes = 0;
        }
    }

    private Wire.TrainingEvent ToMessage(TrainingEvent value) => value switch
    {
        StepDone step => new() { Step = step.ToMessage(totalSteps, Remaining(step.Step)) },
        EvaluationDone evaluation => new() { Evaluation = ToMessage(evaluation) },
        BaselineDone baseline => new() { Baseline = baseline.ToMessage() },
        CheckpointTaken checkpoint => new() { Checkpoint = new() { Step = checkpoint.State.Step } },
        _ => throw new ArgumentOutOfRangeException(nameof(value), value, null),
    };

    private Wire.Evaluation ToMessage(EvaluationDone evaluation)
    {
        if (evaluation.IsBest)
            (_bestStep, _best) = (evaluation.Step, evaluation.Result);
        return new()
        {
            Step = evaluation.Step,
            Metrics = evaluation.Result.ToMessage(),
            IsBest = evaluation.IsBest,
            BestStep = _bestStep,
            BestMetrics = _best?.ToMessage(),
        };
    }

    private TimeSpan Remaining(int step)
    {
        var done = step - (from?.Step ?? 0);
        return done <= 0 ? TimeSpan.Zero : time.GetElapsedTime(_started) * ((double)(totalSteps - step) / done);
    }

    private sealed record Happened(Wire.TrainingEvent Message, int? Step, TrainingState? Checkpoint)
    {
        public bool MayWait => Step is not null;
    }
}
