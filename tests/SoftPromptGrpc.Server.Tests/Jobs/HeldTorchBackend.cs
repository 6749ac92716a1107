using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using SoftPromptGrpc.Backends.Torch;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Training;

namespace SoftPromptGrpc.Server.Tests.Jobs;

/// <summary>Torch, held on its own thread once a step is done, until it is released or cancelled.</summary>
internal sealed class HeldTorchBackend(int holdAfter = int.MaxValue) : ITrainingBackend
{
    private readonly TorchTrainingBackend _torch = new(Options.Create(new TorchOptions()), NullLogger<TorchTrainingBackend>.Instance);
    private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Name => _torch.Name;

    /// <summary>Completes when it is held.</summary>
    public Task Held => _held.Task;

    public bool Supports(ModelSpec spec) => _torch.Supports(spec);

    public long EstimatePeakBytes(BaseModel model, BatchShape batch) => _torch.EstimatePeakBytes(model, batch);

    public void Release() => _released.SetResult();

    public Task<TrainedPrompt> TrainAsync(
        TrainingPlan plan, TrainingState? state, IProgress<TrainingEvent> progress, CancellationToken cancellationToken) =>
        _torch.TrainAsync(plan, state, new Progress(this, progress, cancellationToken), cancellationToken);

    private void Hold(int step, CancellationToken cancellationToken)
    {
        if (step != holdAfter)
            return;
        _held.SetResult();
        WaitHandle.WaitAny([cancellationToken.WaitHandle, ((IAsyncResult)_released.Task).AsyncWaitHandle]);
    }

    private sealed class Progress(HeldTorchBackend backend, IProgress<TrainingEvent> inner, CancellationToken cancellationToken)
        : IProgress<TrainingEvent>
    {
        public void Report(TrainingEvent value)
        {
            inner.Report(value);
            if (value is StepDone { Step: var step })
                backend.Hold(step, cancellationToken);
        }
    }
}
