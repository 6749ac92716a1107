namespace SoftPromptGrpc.Benchmarks.Measuring;

/// <summary>Something that is measured.</summary>
/// <param name="MeasureAsync">Does it once and gives its figure. A second or more: shorter ones drown in the clock's ticks.</param>
internal sealed record Candidate(string Name, Func<CancellationToken, Task<double>> MeasureAsync)
{
    public static Candidate Of(string name, Func<double> measure) => new(name, _ => Task.FromResult(measure()));
}

/// <summary>Candidates measured in turn, in the other direction every second round, until enough rounds were quiet.</summary>
/// <param name="Series">As many as candidates, in their order: of the quiet rounds, or of all where there are too few.</param>
/// <param name="ForeignCores">What others took, on average over the rounds in <paramref name="Series"/>.</param>
/// <param name="Disturbed">Rounds in which others took more than <see cref="ForeignLoad.QuietCores"/>.</param>
internal sealed record Rounds(IReadOnlyList<Series> Series, double ForeignCores, int Disturbed, bool AreQuiet)
{
    private const int Patience = 3;

    /// <param name="count">How many quiet rounds it takes; after three times as many in all it gives up.</param>
    /// <param name="ours">As in <see cref="ForeignLoad.Start"/>.</param>
    public static async Task<Rounds> RunAsync(int count, IReadOnlyList<Candidate> candidates, CancellationToken cancellationToken, params int[] ours)
    {
        await MeasureAsync(candidates, ours, isReverse: false, cancellationToken); // Warm-up.
        var all = new List<Round>();
        while (all.Count(round => round.IsQuiet) < count && all.Count < Patience * count)
            all.Add(await MeasureAsync(candidates, ours, isReverse: all.Count % 2 == 1, cancellationToken));
        var quiet = all.FindAll(round => round.IsQuiet);
        var used = quiet.Count >= count ? quiet : all;
        var series = candidates.Select((candidate, i) => new Series(candidate.Name, [.. used.Select(round => round.Values[i])]));
        return new([.. series], used.Average(round => round.Foreign), all.Count - quiet.Count, quiet.Count >= count);
    }

    private static async Task<Round> MeasureAsync(
        IReadOnlyList<Candidate> candidates, int[] ours, bool isReverse, CancellationToken cancellationToken)
    {
        var values = new double[candidates.Count];
        var foreign = 0.0;
        for (var i = 0; i < values.Length; i++)
        {
            var index = isReverse ? values.Length - 1 - i : i;
            var load = ForeignLoad.Start(ours);
            values[index] = await candidates[index].MeasureAsync(cancellationToken);
            foreign = Math.Max(foreign, load.Cores());
        }
        return new(values, foreign);
    }

    /// <param name="Foreign">Cores that others took while the most disturbed candidate ran.</param>
    private sealed record Round(double[] Values, double Foreign)
    {
        public bool IsQuiet => Foreign <= ForeignLoad.QuietCores;
    }
}
