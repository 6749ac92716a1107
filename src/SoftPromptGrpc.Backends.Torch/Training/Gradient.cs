namespace SoftPromptGrpc.Backends.Torch.Training;

/// <summary>A tensor's gradient in one step, summed over its batches.</summary>
internal sealed class Gradient(int length)
{
    private readonly float[] _values = new float[length];

    public ReadOnlySpan<float> Values => _values;

    public double SquareSum => _values.Sum(value => (double)value * value);

    public void Clear() => Array.Clear(_values);

    public void Add(ReadOnlySpan<float> part)
    {
        for (var i = 0; i < _values.Length; i++)
            _values[i] += part[i];
    }

    /// <summary>As torch.nn.utils.clip_grad_norm_.</summary>
    /// <param name="norm">The present norm over all tensors.</param>
    public void Clip(double norm, double maximum)
    {
        var factor = (float)Math.Min(1, maximum / (norm + 1e-6));
        for (var i = 0; i < _values.Length; i++)
            _values[i] *= factor;
    }
}
