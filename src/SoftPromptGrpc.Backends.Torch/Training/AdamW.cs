using SoftPromptGrpc.Core.Training;

namespace SoftPromptGrpc.Backends.Torch.Training;

/// <summary>Loshchilov and Hutter 2019, as torch.optim.AdamW.</summary>
internal sealed class AdamW(OptimizerSettings settings, int length, TensorMoments moments) : IPromptOptimizer
{
    private readonly float[] _mean = moments.Of("exp_avg", length);
    private readonly float[] _square = moments.Of("exp_avg_sq", length);

    public void Update(Span<float> values, ReadOnlySpan<float> gradient, int step, double learningRate)
    {
        var (beta1, beta2) = ((float)settings.Beta1, (float)settings.Beta2);
        var (rest1, rest2) = ((float)(1 - settings.Beta1), (float)(1 - settings.Beta2));
        var stepSize = (float)(learningRate / (1 - Math.Pow(settings.Beta1, step)));
        var squareScale = (float)Math.Sqrt(1 - Math.Pow(settings.Beta2, step));
        var keep = (float)(1 - learningRate * settings.WeightDecay);
        var epsilon = (float)settings.Epsilon;
        for (var i = 0; i < values.Length; i++)
        {
            _mean[i] = beta1 * _mean[i] + rest1 * gradient[i];
            _square[i] = beta2 * _square[i] + rest2 * gradient[i] * gradient[i];
            values[i] = values[i] * keep - stepSize * _mean[i] / (MathF.Sqrt(_square[i]) / squareScale + epsilon);
        }
    }
}
