using Grpc.Core;

namespace SoftPromptGrpc.Benchmarks.Load;

/// <summary>What became of a request.</summary>
/// <param name="Seconds">From the moment at which it was due, whether or not it was sent then, to the end of the answer.</param>
/// <param name="Status">OK: it was answered.</param>
/// <param name="TellsWhen">A refusal that says when to try again.</param>
internal readonly record struct Outcome(double Seconds, StatusCode Status, bool TellsWhen)
{
    public bool IsAnswered => Status == StatusCode.OK;

    public bool IsRefused => Status == StatusCode.ResourceExhausted;
}

/// <summary>What became of all requests of a phase.</summary>
/// <param name="seconds">From the first request's due time to the last answer.</param>
internal sealed class Outcomes(IReadOnlyList<Outcome> all, double seconds)
{
    public double AnsweredPerSecond => all.Count(outcome => outcome.IsAnswered) / seconds;

    public double RefusedShare => all.Count(outcome => outcome.IsRefused) / (double)all.Count;

    /// <summary>Neither answered nor refused, or refused without a time to try again.</summary>
    public int Failed => all.Count(outcome => !outcome.IsAnswered && !(outcome.IsRefused && outcome.TellsWhen));

    /// <returns>In milliseconds; NaN where there are none.</returns>
    public double AnsweredPercentile(double share) => Percentile(all.Where(outcome => outcome.IsAnswered), share);

    /// <inheritdoc cref="AnsweredPercentile"/>
    public double RefusedPercentile(double share) => Percentile(all.Where(outcome => outcome.IsRefused), share);

    private static double Percentile(IEnumerable<Outcome> outcomes, double share)
    {
        double[] sorted = [.. outcomes.Select(outcome => outcome.Seconds * 1000).Order()];
        return sorted.Length == 0 ? double.NaN : sorted[Math.Min(sorted.Length - 1, (int)(share * sorted.Length))];
    }
}
