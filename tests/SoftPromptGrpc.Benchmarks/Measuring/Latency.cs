using System.Diagnostics;

namespace SoftPromptGrpc.Benchmarks.Measuring;

/// <summary>How long calls take that are made one after the other.</summary>
internal static class Latency
{
    private const int LeastCalls = 50;
    private const double LeastSeconds = 1;

    /// <param name="call">Gets the number of the call.</param>
    /// <returns>The median, in milliseconds.</returns>
    public static async Task<double> MedianAsync(Func<int, Task> call)
    {
        var (times, begin) = (new List<double>(), Stopwatch.GetTimestamp());
        while (times.Count < LeastCalls || Stopwatch.GetElapsedTime(begin).TotalSeconds < LeastSeconds)
        {
            var start = Stopwatch.GetTimestamp();
            await call(times.Count);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }
        return new Series("", times).Median;
    }
}
