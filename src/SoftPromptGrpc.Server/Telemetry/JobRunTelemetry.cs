using System.Diagnostics;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Server.Storage;

namespace SoftPromptGrpc.Server.Telemetry;

/// <summary>
/// One attempt at a job: a trace of its own, and what <see cref="JobTelemetry"/> tells of it while it runs. Written by the training
/// thread, read by whoever collects.
/// </summary>
internal sealed class JobRunTelemetry : IDisposable
{
    private readonly JobTelemetry _telemetry;
    private readonly Activity? _span;
    private readonly long _began = Stopwatch.GetTimestamp();
    private JobState _end = JobState.Queued;
    private int _steps;
    private volatile StepDone? _last;

    public JobRunTelemetry(JobTelemetry telemetry, StoredJob job)
    {
        (_telemetry, Model) = (telemetry, job.ModelId);
        Tags =
        [
            new(Instruments.Model, job.ModelId), new(Instruments.Tenant, job.Tenant), new(Instruments.Job, job.Id),
            new(Instruments.Prompt, job.PromptName),
        ];
        // Not a part of the call that submitted it: it may run after a restart.
        _span = Instruments.Spans.StartActivity($"train {Model}", ActivityKind.Internal, parentContext: default, Tags);
    }

    public string Model { get; }

    public KeyValuePair<string, object?>[] Tags { get; }

    /// <summary>Null before the first step.</summary>
    public StepDone? Last => _last;

    /// <summary>Steps per second of this attempt.</summary>
    public double StepRate => Volatile.Read(ref _steps) / Math.Max(Stopwatch.GetElapsedTime(_began).TotalSeconds, 1e-3);

    /// <summary>Passes a backend's events on and learns from them.</summary>
    public IProgress<TrainingEvent> Watch(IProgress<TrainingEvent> progress) => new Watched(this, progress);

    /// <summary>The state it leaves the job in; back in the queue unless told.</summary>
    public void End(JobState state) => _end = state;

    public void Dispose()
    {
        _telemetry.Ended(this, _end);
        _span?.SetTag(Instruments.State, JobTelemetry.NameOf(_end));
        _span?.SetTag("softprompt.steps", _steps);
        if (_end == JobState.Failed)
            _span?.SetStatus(ActivityStatusCode.Error);
        _span?.Dispose();
    }

    private void Observe(TrainingEvent happened)
    {
        switch (happened)
        {
            case StepDone step:
                _last = step;
                Interlocked.Increment(ref _steps);
                _telemetry.Stepped(this);
                break;
            case EvaluationDone evaluation:
                _span?.AddEvent(new ActivityEvent("evaluation", tags: new()
                {
                    ["softprompt.step"] = evaluation.Step,
                    ["softprompt.loss"] = evaluation.Result.Loss,
                    ["softprompt.is_best"] = evaluation.IsBest,
                }));
                break;
            case CheckpointTaken checkpoint:
                _span?.AddEvent(new ActivityEvent("checkpoint", tags: new() { ["softprompt.step"] = checkpoint.State.Step }));
                break;
        }
    }

    private sealed class Watched(JobRunTelemetry run, IProgress<TrainingEvent> progress) : IProgress<TrainingEvent>
    {
        public void Report(TrainingEvent value)
        {
            run.Observe(value);
            progress.Report(value);
        }
    }
}
