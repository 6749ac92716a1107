using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Core.Training;

/// <summary>Learns a soft prompt against a frozen model. A singleton; jobs never overlap on one backend.</summary>
public interface ITrainingBackend
{
    /// <summary>The id that configuration and requests use, such as "torch".</summary>
    string Name { get; }

    /// <summary>Whether this backend implements every setting of this architecture.</summary>
    bool Supports(ModelSpec spec);

    /// <summary>The most memory that a step is expected to need, in bytes, the model's weights included.</summary>
    long EstimatePeakBytes(BaseModel model, BatchShape batch);

    /// <summary>Runs the plan to its end, or from <paramref name="state"/> on. The state at the end is a checkpoint, too.</summary>
    /// <param name="state">A checkpoint of the same plan, to continue exactly where it was taken; null to begin.</param>
    /// <param name="progress">Called on the training thread, in step order; must not block.</param>
    /// <param name="cancellationToken">
    /// Checked at every micro-batch. When it ends a run between two steps, the last event is a checkpoint of the step done.
    /// </param>
    /// <exception cref="SoftPromptException">
    /// <see cref="ErrorKind.Invalid"/>: the plan's longest sequence exceeds the context. <see cref="ErrorKind.Overloaded"/>: the
    /// device is out of memory. <see cref="ErrorKind.Precondition"/>: the loss is not finite; the message names the step, and the
    /// last event is a checkpoint from which a run with another learning rate can go on.
    /// </exception>
    Task<TrainedPrompt> TrainAsync(
        TrainingPlan plan, TrainingState? state, IProgress<TrainingEvent> progress, CancellationToken cancellationToken);
}
