using SoftPromptGrpc.Core.Training;

namespace SoftPromptGrpc.Backends.Torch.Training;

/// <summary>With momentum, as torch.optim.SGD.</summary>
internal sealed class Sgd(OptimizerSettings settings, int length, TensorMoments moments) : IPromptOptimizer
{
    private readonly float[] _velocity = moments.Of("momentum_buffer", length);

    public void Update(Span<float> values, ReadOnlySpan<float> gradient, int step, double learningRate)
    {
        var (momentum, decay, rate) = ((float)settings.Momentum, (float)settings.WeightDecay, (float)learningRate);
        for (var i = 0; i < values.Length; i++)
        {
            _velocity[i] = momentum * _velocity[i] + gradient[i] + decay * values[i];
            values[i] -= rate * _velocity[i];
        }
    }
}
