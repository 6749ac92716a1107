namespace SoftPromptGrpc.Benchmarks.Measuring;

/// <summary>One figure over repeats.</summary>
internal sealed record Series(string Name, IReadOnlyList<double> Values)
{
    public double Median
    {
        get
        {
            double[] sorted = [.. Values.Order()];
            return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
        }
    }

    /// <summary>Half the distance from the lowest to the highest, over the median.</summary>
    public double Spread => (Values.Max() - Values.Min()) / 2 / Median;

    /// <summary>Repeat by repeat, so that what slows both in a repeat cancels out.</summary>
    public Series Over(Series baseline) => new($"{Name} / {baseline.Name}", [.. Values.Zip(baseline.Values, (ours, theirs) => ours / theirs)]);
}
