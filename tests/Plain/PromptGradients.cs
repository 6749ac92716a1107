using SoftPromptGrpc.Backends.Torch.Training;
using SoftPromptGrpc.Backends.Torch.Training.Methods;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Core.Training.Methods;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Plain;

/// <summary>What a model makes of a method's tensors and some examples: the mean loss and its gradient for each tensor.</summary>
internal sealed record PromptGradients(double Loss, IReadOnlyDictionary<string, float[]> ByTensor)
{
    public static PromptGradients Of(
        IPromptedModel model, TrainingMethod method, TrainablePrompt from, IReadOnlyList<TrainingExample> examples)
    {
        using var scope = NewDisposeScope();
        var tensors = method.Tensors(model.Spec, from.VirtualTokens).ToDictionary(
            slot => slot.Name, slot => slot.ToDevice(from[slot.Name].ToArray(), CPU).requires_grad_(!slot.IsFrozen));
        var (logits, targets) = model.Predict(PromptNetwork.Forward(method, model.Spec, tensors), examples);
        var loss = nn.functional.cross_entropy(logits, targets, reduction: nn.Reduction.Sum) / examples.Sum(e => e.Target.Length);
        loss.backward();
        var gradients = tensors.Where(t => t.Value.requires_grad).ToDictionary(t => t.Key, t => t.Value.grad!.data<float>().ToArray());
        return new(loss.item<float>(), gradients);
    }

    /// <summary>Of the loss, relative to the expected one.</summary>
    public double LossDifference(PromptGradients expected) => Math.Abs(Loss - expected.Loss) / Math.Abs(expected.Loss);

    /// <summary>Of a tensor's gradient, relative to the expected ones of all tensors together.</summary>
    public double Difference(PromptGradients expected, string tensor) =>
        Norm(expected.ByTensor[tensor].Zip(ByTensor[tensor], (e, a) => e - a)) / Norm(expected.ByTensor.Values.SelectMany(gradient => gradient));

    private static double Norm(IEnumerable<float> values) => Math.Sqrt(values.Sum(v => (double)v * v));
}
