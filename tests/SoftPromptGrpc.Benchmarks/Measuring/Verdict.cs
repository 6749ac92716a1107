using System.Globalization;

namespace SoftPromptGrpc.Benchmarks.Measuring;

/// <summary>A figure against what it has to reach. There is none where others disturbed the measurement.</summary>
internal static class Verdict
{
    /// <param name="target">The least that will do.</param>
    public static string AtLeast(Series figure, double target, Rounds rounds) => Of(figure.Median >= target, rounds);

    /// <param name="target">The most that will do.</param>
    public static string AtMost(double figure, double target, Rounds rounds) => Of(figure <= target, rounds);

    public static string Of(bool isReached, Rounds rounds) =>
        !rounds.AreQuiet ? string.Create(CultureInfo.InvariantCulture, $"none: others took {rounds.ForeignCores:0.00} cores")
        : isReached ? "reached" : "missed";
}
