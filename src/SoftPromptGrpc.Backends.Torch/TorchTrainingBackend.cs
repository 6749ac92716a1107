using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using SoftPromptGrpc.Backends.Torch.Training;
using SoftPromptGrpc.Backends.Torch.Training.Methods;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Core.Training;
using TorchSharp;

namespace SoftPromptGrpc.Backends.Torch;

/// <summary>Trains every method by autograd. Each run loads the weights for itself, on a thread of its own, and frees them at its end.</summary>
public sealed class TorchTrainingBackend(IOptions<TorchOptions> options, ILogger<TorchTrainingBackend> logger) : ITrainingBackend
{
    public string Name => "torch";

    public bool Supports(ModelSpec spec) => true;

    public long EstimatePeakBytes(BaseModel model, BatchShape batch) =>
        model.WeightBytes(model.KeepsPrecision) + TrainingMemory.OfStep(model.Spec, batch, options.Value.TokensPerPass);

    public Task<TrainedPrompt> TrainAsync(
        TrainingPlan plan, TrainingState? state, IProgress<TrainingEvent> progress, CancellationToken cancellationToken) =>
        TorchDevice.RunAsync(() => Train(plan, state, progress, cancellationToken), cancellationToken);

    private TrainedPrompt Train(
        TrainingPlan plan, TrainingState? state, IProgress<TrainingEvent> progress, CancellationToken cancellationToken)
    {
        var (longest, context) = (plan.LongestSequence(), plan.Model.Spec.ContextLength);
        if (longest > context)
        {
            throw new SoftPromptException(
                ErrorKind.Invalid, $"Prompt, input and target take up to {longest} positions; '{plan.Model.Id}' has {context}.");
        }
        if (plan.Method.Kind.MakesPrefix() && plan.Examples.Concat(plan.EvaluationExamples).Any(example => example.Input.Length == 0))
            throw new SoftPromptException(ErrorKind.Invalid, "An example has no input: a prefix alone predicts nothing.");
        TorchDevice.StandBack(options.Value.TrainingNiceness);
        var device = TorchDevice.Open(options.Value);
        logger.TrainingStarted(plan.Model.Id, plan.Initial.VirtualTokens, options.Value.Device, (state?.Step ?? 0) + 1, plan.Steps);
        using var model = PromptedModel.Load(plan.Model, device);
        if (state is null && plan.InitialText is { } text)
            plan = plan with { Initial = ServedPrompts.FromText(plan, text, model) };
        var peak = device.type == DeviceType.CPU ? ResidentPeak.Start() : null;
        var trained = new TrainingRun(plan, state, model, progress, options.Value.TokensPerPass, cancellationToken).Run();
        logger.TrainingEnded(plan.Model.Id, trained.StepsDone, trained.FinalLoss);
        return peak is not null ? trained with { PeakBytes = plan.Model.WeightBytes(plan.Model.KeepsPrecision) + peak.Bytes } : trained;
    }
}
