using SoftPromptGrpc.Backends.Torch.Training.Methods;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Core.Training.Methods;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch.Training;

/// <summary>What a run trains: the numbers in managed memory, each tensor with the step's gradient and an optimizer of its own.</summary>
internal sealed class TrainedTensors
{
    private readonly TrainingPlan _plan;
    private readonly Part[] _parts;

    /// <param name="from">Fits the plan's method. Not changed.</param>
    public TrainedTensors(TrainingPlan plan, TrainablePrompt from, Moments moments)
    {
        _plan = plan;
        var slots = plan.Method.Tensors(plan.Model.Spec, from.VirtualTokens);
        if (!from.Fits(slots))
            throw new ArgumentException("The tensors are not those of the plan's method.", nameof(from));
        _parts = [.. slots.Select(slot => Part.Of(slot, from[slot.Name].ToArray(), plan.Optimizer, moments))];
    }

    /// <summary>Of the gradient, over all tensors.</summary>
    public double GradientNorm => Math.Sqrt(Trained.Sum(part => part.Gradient!.SquareSum));

    public bool AreFinite => _parts.All(part => part.Values.All(float.IsFinite));

    private IEnumerable<Part> Trained => _parts.Where(part => part.Gradient is not null);

    /// <summary>Copies by name, in the current dispose scope; those that are trained record what becomes of them.</summary>
    public IReadOnlyDictionary<string, Tensor> ToDevice(Device device) => _parts.ToDictionary(part => part.Slot.Name, part => part.ToDevice(device));

    public void ClearGradient()
    {
        foreach (var part in Trained)
            part.Gradient!.Clear();
    }

    /// <param name="tensors">Those of <see cref="ToDevice"/> that the loss was computed from.</param>
    public void AddGradient(Tensor loss, IReadOnlyDictionary<string, Tensor> tensors)
    {
        Part[] trained = [.. Trained];
        var gradients = autograd.grad([loss], [.. trained.Select(part => tensors[part.Slot.Name])]);
        foreach (var (part, gradient) in trained.Zip(gradients))
            part.Gradient!.Add(gradient.cpu().contiguous().data<float>().ToArray());
    }

    /// <param name="norm">The present norm.</param>
    public void ClipGradient(double norm, double maximum)
    {
        foreach (var part in Trained)
            part.Gradient!.Clip(norm, maximum);
    }

    /// <param name="step">From 1.</param>
    public void Update(int step, double learningRate)
    {
        foreach (var part in Trained)
            part.Optimizer!.Update(part.Values, part.Gradient!.Values, step, learningRate);
    }

    public TrainablePrompt Snapshot() => new(
        _plan.Initial.VirtualTokens, _parts.Select(part => new TrainableTensor(part.Slot.Name, (float[])part.Values.Clone())),
        _plan.Initial.ModelFingerprint);

    /// <param name="Gradient">Null where the tensor is frozen.</param>
    private sealed record Part(TensorSlot Slot, float[] Values, Gradient? Gradient, IPromptOptimizer? Optimizer)
    {
        public static Part Of(TensorSlot slot, float[] values, OptimizerSettings settings, Moments moments) => slot.IsFrozen
            ? new Part(slot, values, null, null)
            : new Part(slot, values, new Gradient(slot.Length), PromptOptimizer.Create(
                settings, slot.Shape, moments.Of(slot.Name), slot.IdleRows));

        public Tensor ToDevice(Device device) =>
            Slot.ToDevice(Values, device).requires_grad_(Gradient is not null && is_grad_enabled());
    }
}
