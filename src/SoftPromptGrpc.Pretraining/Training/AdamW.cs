using static TorchSharp.torch;

namespace SoftPromptGrpc.Pretraining.Training;

/// <summary>
/// Loshchilov and Hutter 2019, with its moments in the open so that a checkpoint can hold them. Weight decay applies to matrices
/// only. Owns the moments.
/// </summary>
internal sealed class AdamW : IDisposable
{
    private const double Beta1 = 0.9;
    private const double Beta2 = 0.95;
    private const double Epsilon = 1e-8;

    private readonly IReadOnlyList<Tensor> _parameters;
    private readonly double _weightDecay;

    public AdamW(IReadOnlyList<Tensor> parameters, double weightDecay)
    {
        (_parameters, _weightDecay) = (parameters, weightDecay);
        FirstMoments = [.. parameters.Select(p => zeros_like(p, requires_grad: false).DetachFromDisposeScope())];
        SecondMoments = [.. parameters.Select(p => zeros_like(p, requires_grad: false).DetachFromDisposeScope())];
    }

    public IReadOnlyList<Tensor> FirstMoments { get; }

    public IReadOnlyList<Tensor> SecondMoments { get; }

    /// <param name="step">From 1.</param>
    /// <param name="gradientFactor">What gradients are multiplied by first: clipping.</param>
    public void Step(int step, double learningRate, IReadOnlyList<Tensor> gradients, Tensor gradientFactor)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var stepSize = learningRate / (1 - Math.Pow(Beta1, step));
        var secondCorrection = 1 / Math.Sqrt(1 - Math.Pow(Beta2, step));
        for (var i = 0; i < _parameters.Count; i++)
        {
            var parameter = _parameters[i];
            var gradient = gradients[i].mul(gradientFactor);
            FirstMoments[i].mul_(Beta1).add_(gradient, alpha: 1 - Beta1);
            SecondMoments[i].mul_(Beta2).addcmul_(gradient, gradient, 1 - Beta2);
            if (parameter.dim() > 1)
                parameter.mul_(1 - learningRate * _weightDecay);
            parameter.addcdiv_(FirstMoments[i], SecondMoments[i].sqrt().mul_(secondCorrection).add_(Epsilon), -stepSize);
        }
    }

    public void Dispose()
    {
        foreach (var moment in FirstMoments.Concat(SecondMoments))
            moment.Dispose();
    }
}
