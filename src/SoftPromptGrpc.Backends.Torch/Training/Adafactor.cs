using SoftPromptGrpc.Core.Training;

namespace SoftPromptGrpc.Backends.Torch.Training;

/// <summary>
/// Shazeer and Stern 2018, as transformers' Adafactor with relative_step, scale_parameter and warmup_init off: a factored second
/// moment, no first one, updates clipped to a root mean square of 1.
/// </summary>
internal sealed class Adafactor(OptimizerSettings settings, int rows, int columns, Moments moments) : IPromptOptimizer
{
    private const double DecayRate = -0.8;
    private const float SquareFloor = 1e-30f;

    private readonly float[] _rowSquares = moments.Of("exp_avg_sq_row", rows);
    private readonly float[] _columnSquares = moments.Of("exp_avg_sq_col", columns);
    private readonly float[] _update = new float[rows * columns];

    public void Update(Span<float> prompt, ReadOnlySpan<float> gradient, int step, double learningRate)
    {
        UpdateSquares(gradient, 1 - Math.Pow(step, DecayRate));
        var scale = (float)(learningRate / Math.Max(1, Normalize(gradient)));
        var keep = (float)(1 - learningRate * settings.WeightDecay);
        for (var i = 0; i < prompt.Length; i++)
            prompt[i] = prompt[i] * keep - scale * _update[i];
    }

    private void UpdateSquares(ReadOnlySpan<float> gradient, double decay)
    {
        var (rowSums, columnSums) = (new double[rows], new double[columns]);
        for (var i = 0; i < gradient.Length; i++)
        {
            var square = gradient[i] * gradient[i] + SquareFloor;
            rowSums[i / columns] += square;
            columnSums[i % columns] += square;
        }
        for (var row = 0; row < rows; row++)
            _rowSquares[row] = (float)(decay * _rowSquares[row] + (1 - decay) * rowSums[row] / columns);
        for (var column = 0; column < columns; column++)
            _columnSquares[column] = (float)(decay * _columnSquares[column] + (1 - decay) * columnSums[column] / rows);
    }

    /// <summary>Divides the gradient by the root of the second moment that the factors stand for; returns the root mean square.</summary>
    private double Normalize(ReadOnlySpan<float> gradient)
    {
        var rowMean = _rowSquares.Average(square => (double)square);
        var sum = 0.0;
        for (var i = 0; i < gradient.Length; i++)
        {
            _update[i] = (float)(gradient[i] / Math.Sqrt(_rowSquares[i / columns] / rowMean * _columnSquares[i % columns]));
            sum += (double)_update[i] * _update[i];
        }
        return Math.Sqrt(sum / gradient.Length);
    }
}
