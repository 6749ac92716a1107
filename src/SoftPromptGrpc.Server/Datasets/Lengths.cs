using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Datasets;

/// <summary>How long things are, counted by length: as many as there may be take no more memory than their lengths.</summary>
internal sealed class Lengths
{
    private readonly SortedDictionary<int, long> _counts = [];
    private long _count;
    private double _sum;

    public void Add(int length)
    {
        _counts[length] = _counts.GetValueOrDefault(length) + 1;
        _count++;
        _sum += length;
    }

    /// <summary>There must have been one.</summary>
    public LengthSummary Summarize() => new()
    {
        Min = _counts.First().Key,
        P50 = Percentile(50),
        P90 = Percentile(90),
        P99 = Percentile(99),
        Max = _counts.Last().Key,
        Mean = _sum / _count,
    };

    private int Percentile(int percent)
    {
        var (place, seen) = (Math.Max(1, (long)Math.Ceiling(_count * percent / 100.0)), 0L);
        foreach (var (length, count) in _counts)
        {
            seen += count;
            if (seen >= place)
                return length;
        }
        return _counts.Last().Key;
    }
}
