using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Server.Jobs.Planning;
using SoftPromptGrpc.Server.Storage;
using Wire = SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Jobs;

/// <param name="Spec">The first job's, as it was sent.</param>
internal sealed record PlannedContinuation(PlannedTraining Planned, Wire.TrainingSpec Spec, TrainingState From);

/// <summary>Plans a job that goes on where an ended one stopped.</summary>
internal sealed class JobContinuation(JobReader reader, TrainingPlanner planner)
{
    /// <exception cref="SoftPromptException">
    /// <see cref="ErrorKind.NotFound"/>; <see cref="ErrorKind.Precondition"/>: the job has not ended, left no checkpoint, or its model is
    /// another one now; <see cref="ErrorKind.Invalid"/>.
    /// </exception>
    public async Task<PlannedContinuation> PlanAsync(Wire.ResumeTrainingJobRequest request, CancellationToken cancellationToken)
    {
        var violations = new Violations();
        violations.Require(!request.HasAdditionalSteps || request.AdditionalSteps >= 1, "additional_steps", "must be at least 1");
        violations.Require(
            !request.HasLearningRate || (double.IsFinite(request.LearningRate) && request.LearningRate > 0), "learning_rate", "must be over 0");
        violations.ThrowIfAny();
        var job = await reader.FindAsync(request.Job, cancellationToken);
        if (job.State is JobState.Queued or JobState.Running)
            throw Refusal($"Job '{job.Id}' has not ended.", "JOB_NOT_ENDED");
        var ended = await reader.ReadAsync(job, cancellationToken);
        if (ended.Checkpoint is null)
            throw Refusal($"Job '{job.Id}' left no checkpoint to go on from.", "NO_CHECKPOINT");
        var from = TrainingStateFormat.Read(ended.Checkpoint) with { EvaluationsSinceBest = 0 };
        var spec = ended.Spec;
        spec.Steps = Steps(request, job, from, violations);
        if (request.HasLearningRate)
            spec.Optimizer.LearningRate = request.LearningRate;
        return new PlannedContinuation(await planner.PlanAsync(spec, from.Prompt, cancellationToken), ended.Request, from);
    }

    private static int Steps(Wire.ResumeTrainingJobRequest request, StoredJob job, TrainingState from, Violations violations)
    {
        var steps = request.HasAdditionalSteps ? (long)from.Step + request.AdditionalSteps : job.TotalSteps;
        violations.Require(steps > from.Step, "additional_steps", $"must be given: all {job.TotalSteps} steps of job '{job.Id}' are done");
        violations.Require(
            steps <= SpecRules.MostSteps, "additional_steps", $"make {steps} steps with those done; at most {SpecRules.MostSteps} are possible");
        violations.ThrowIfAny();
        return (int)steps;
    }

    private static SoftPromptException Refusal(string message, string reason) => new(ErrorKind.Precondition, message) { Reason = reason };
}
