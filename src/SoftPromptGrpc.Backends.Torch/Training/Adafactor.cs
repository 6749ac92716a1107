using SoftPromptGrpc.Core.Training;

namespace SoftPromptGrpc.Backends.Torch.Training;

/// <summary>
/// Shazeer and Stern 2018, as transformers' Adafactor with relative_step, scale_parameter and warmup_init off: a second moment,
/// factored where the tensor is a matrix, no first one, updates clipped to a root mean square of 1.
/// </summary>
/// <param name="idle">Numbers of the tensor that are not here and have no gradient.</param>
internal sealed class Adafactor(OptimizerSettings settings, ISquares squares, int idle = 0) : IPromptOptimizer
{
    private const double DecayRate = -0.8;

    private float[] _update = [];

    public void Update(Span<float> values, ReadOnlySpan<float> gradient, int step, double learningRate)
    {
        if (_update.Length == 0)
            _update = new float[values.Length];
        squares.Add(gradient, 1 - Math.Pow(step, DecayRate));
        squares.Normalize(gradient, _update);
        var sum = 0.0;
        foreach (var value in _update)
            sum += (double)value * value;
        var scale = (float)(learningRate / Math.Max(1, Math.Sqrt(sum / (_update.Length + idle))));
        var keep = (float)(1 - learningRate * settings.WeightDecay);
        for (var i = 0; i < values.Length; i++)
            values[i] = values[i] * keep - scale * _update[i];
    }
}
