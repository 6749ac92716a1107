using SoftPromptGrpc.Backends.Torch.Training;
using SoftPromptGrpc.Backends.Torch.Training.Methods;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Core.Training.Methods;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch.Tests.Training;

/// <summary>What a model makes of a method's tensors and some examples: the mean loss and its gradient for each tensor.</summary>
internal sealed record PlainComparison(double Loss, IReadOnlyDictionary<string, float[]> Gradients)
{
    private const double Tolerance = 1e-5;

    public static PlainComparison Of(
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

    /// <summary>To 1e-5 of the loss, and of the norm of the gradient over all tensors.</summary>
    public void AssertEqual(PlainComparison expected)
    {
        Assert.Equal(expected.Loss, Loss, Tolerance * Math.Abs(expected.Loss));
        Assert.Equal(expected.Gradients.Keys, Gradients.Keys);
        var scale = Norm(expected.Gradients.Values.SelectMany(gradient => gradient));
        foreach (var (name, gradient) in expected.Gradients)
        {
            var difference = Norm(gradient.Zip(Gradients[name], (e, a) => e - a));
            Assert.True(difference <= Tolerance * scale, $"{name}: {difference:e1} of {scale:e1}");
        }
    }

    private static double Norm(IEnumerable<float> values) => Math.Sqrt(values.Sum(v => (double)v * v));
}
