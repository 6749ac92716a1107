namespace SoftPromptGrpc.Cli.Training;

/// <summary>A curve in one line of text.</summary>
internal static class Sparkline
{
    private const string Bars = "▁▂▃▄▅▆▇█";

    /// <summary>The means of equal stretches of the values, scaled to the least and the greatest of them.</summary>
    /// <param name="width">Most characters.</param>
    public static string Draw(IReadOnlyList<double> values, int width)
    {
        var count = Math.Min(width, values.Count);
        if (count <= 0)
            return "";
        var means = Enumerable.Range(0, count).Select(i => Mean(values, i * values.Count / count, (i + 1) * values.Count / count)).ToList();
        var finite = means.Where(double.IsFinite).DefaultIfEmpty(0).ToList();
        var (min, max) = (finite.Min(), finite.Max());
        return string.Concat(means.Select(mean => Bar(mean, min, max)));
    }

    private static double Mean(IReadOnlyList<double> values, int from, int to)
    {
        var sum = 0.0;
        for (var i = from; i < to; i++)
            sum += values[i];
        return sum / (to - from);
    }

    private static char Bar(double value, double min, double max)
    {
        if (!double.IsFinite(value))
            return Bars[^1];
        var share = max > min ? (value - min) / (max - min) : 0;
        return Bars[(int)Math.Round(share * (Bars.Length - 1))];
    }
}
