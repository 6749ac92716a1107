using Kind = SoftPromptGrpc.Contracts.V1.TrainingEvent.KindOneofCase;

namespace SoftPromptGrpc.Server.Jobs;

/// <summary>
/// Which of a job's old events go, so that it keeps a bounded number: ever fewer steps, evaluations, checkpoints and starts, evenly
/// spaced. The newest stay for those who watch, and all else stays for ever.
/// </summary>
/// <param name="most">About as many as a job may keep; at least 16.</param>
internal sealed class EventThinning(int most)
{
    /// <summary>Whether a job whose last sequence number went from one to another is to be looked at.</summary>
    public bool IsDue(long before, long after) => before / Interval != after / Interval;

    private int Interval => most / 4;

    /// <param name="events">A job's, by sequence number.</param>
    /// <returns>Sequence numbers.</returns>
    public IReadOnlyList<long> Choose(IReadOnlyList<(long Sequence, Kind Kind)> events)
    {
        if (events.Count + Interval <= most)
            return [];
        return
        [
            .. events.SkipLast(Interval)
                .GroupBy(e => e.Kind)
                .Where(same => MayGo(same.Key))
                .SelectMany(same => Choose([.. same.Select(e => e.Sequence)], same.Key == Kind.Step ? most / 4 : most / 16)),
        ];
    }

    private static bool MayGo(Kind kind) => kind is Kind.Step or Kind.Evaluation or Kind.Checkpoint or Kind.Started;

    /// <summary>All but the first in each stretch of sequence numbers, which doubles until few enough are left.</summary>
    private static IEnumerable<long> Choose(List<long> sequences, int most)
    {
        var stretch = 1L;
        while (Stretches(sequences, stretch).Count() > most)
            stretch *= 2;
        return Stretches(sequences, stretch).SelectMany(same => same.Skip(1));
    }

    private static IEnumerable<IGrouping<long, long>> Stretches(List<long> sequences, long stretch) => sequences.GroupBy(s => s / stretch);
}
