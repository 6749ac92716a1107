namespace SoftPromptGrpc.Backends.Torch.Training;

/// <summary>A running second moment.</summary>
internal interface ISquares
{
    /// <param name="decay">The weight of what was before.</param>
    void Add(ReadOnlySpan<float> gradient, double decay);

    /// <summary>Divides the gradient by the root of the second moment.</summary>
    void Normalize(ReadOnlySpan<float> gradient, Span<float> update);
}

/// <summary>Kept by rows and columns. A tensor of more dimensions is a stack of matrices.</summary>
internal sealed class FactoredSquares(int rows, int columns, int length, TensorMoments moments) : ISquares
{
    private const float Floor = 1e-30f;

    private readonly float[] _rows = moments.Of("exp_avg_sq_row", length / columns);
    private readonly float[] _columns = moments.Of("exp_avg_sq_col", length / rows);

    public void Add(ReadOnlySpan<float> gradient, double decay)
    {
        for (var matrix = 0; matrix < length / (rows * columns); matrix++)
        {
            var (rowSums, columnSums) = (new double[rows], new double[columns]);
            var part = gradient.Slice(matrix * rows * columns, rows * columns);
            for (var i = 0; i < part.Length; i++)
            {
                var square = part[i] * part[i] + Floor;
                rowSums[i / columns] += square;
                columnSums[i % columns] += square;
            }
            Keep(_rows.AsSpan(matrix * rows, rows), rowSums, columns, decay);
            Keep(_columns.AsSpan(matrix * columns, columns), columnSums, rows, decay);
        }
    }

    public void Normalize(ReadOnlySpan<float> gradient, Span<float> update)
    {
        for (var matrix = 0; matrix < length / (rows * columns); matrix++)
        {
            var rowSquares = _rows.AsSpan(matrix * rows, rows);
            var columnSquares = _columns.AsSpan(matrix * columns, columns);
            var mean = Mean(rowSquares);
            var first = matrix * rows * columns;
            for (var i = 0; i < rows * columns; i++)
                update[first + i] = (float)(gradient[first + i] / Math.Sqrt(rowSquares[i / columns] / mean * columnSquares[i % columns]));
        }
    }

    private static void Keep(Span<float> squares, double[] sums, int count, double decay)
    {
        for (var i = 0; i < squares.Length; i++)
            squares[i] = (float)(decay * squares[i] + (1 - decay) * sums[i] / count);
    }

    private static double Mean(ReadOnlySpan<float> values)
    {
        var sum = 0.0;
        foreach (var value in values)
            sum += value;
        return sum / values.Length;
    }
}

/// <summary>Kept for every number: what a vector, such as a bias, gets.</summary>
internal sealed class FullSquares(int length, TensorMoments moments) : ISquares
{
    private const float Floor = 1e-30f;

    private readonly float[] _squares = moments.Of("exp_avg_sq", length);

    public void Add(ReadOnlySpan<float> gradient, double decay)
    {
        for (var i = 0; i < length; i++)
            _squares[i] = (float)(decay * _squares[i] + (1 - decay) * (gradient[i] * gradient[i] + Floor));
    }

    public void Normalize(ReadOnlySpan<float> gradient, Span<float> update)
    {
        for (var i = 0; i < length; i++)
            update[i] = (float)(gradient[i] / Math.Sqrt(_squares[i]));
    }
}
