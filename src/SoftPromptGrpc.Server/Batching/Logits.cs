using System.Numerics.Tensors;

namespace SoftPromptGrpc.Server.Batching;

/// <summary>Questions to one row of logits. NaN counts as impossible.</summary>
internal static class Logits
{
    /// <returns>The lowest id of the largest logit; -1 where there is none.</returns>
    public static int ArgMax(ReadOnlySpan<float> logits)
    {
        // In vectors; it gives the place of a NaN where there is one.
        var first = TensorPrimitives.IndexOfMax(logits);
        if (first < 0 || IsPossible(logits[first]))
            return first;
        var (best, id) = (float.NegativeInfinity, -1);
        for (var i = 0; i < logits.Length; i++)
        {
            if (logits[i] > best)
                (best, id) = (logits[i], i);
        }
        return id;
    }

    /// <summary>The ids of the largest logits, the largest first; of equal ones the lower id first. Impossible ones are left out.</summary>
    /// <param name="floor">Logits below it are left out as well.</param>
    public static int[] Top(ReadOnlySpan<float> logits, int count, float floor = float.NegativeInfinity)
    {
        if (count > logits.Length / 8)
            return TopBySorting(logits, count, floor);
        // The least of those kept is at the root.
        var kept = new PriorityQueue<int, (float Logit, int Id)>(count + 1, Ascending);
        for (var id = 0; id < logits.Length; id++)
        {
            if (!IsPossible(logits[id]) || logits[id] < floor)
                continue;
            if (kept.Count < count)
                kept.Enqueue(id, (logits[id], id));
            else if (kept.TryPeek(out _, out var least) && logits[id] > least.Logit)
                kept.EnqueueDequeue(id, (logits[id], id));
        }
        var ids = new int[kept.Count];
        for (var i = ids.Length - 1; i >= 0; i--)
            ids[i] = kept.Dequeue();
        return ids;
    }

    /// <summary>Natural logarithm of the sum of all exponentials: a logit less this is a log-probability.</summary>
    public static double LogSumExp(ReadOnlySpan<float> logits)
    {
        var id = ArgMax(logits);
        if (id < 0)
            return double.NegativeInfinity;
        var (largest, sum) = ((double)logits[id], 0.0);
        foreach (var logit in logits)
        {
            if (IsPossible(logit))
                sum += Math.Exp(logit - largest);
        }
        return largest + Math.Log(sum);
    }

    private static readonly Comparer<(float Logit, int Id)> Ascending = Comparer<(float Logit, int Id)>.Create(
        (a, b) => a.Logit != b.Logit ? a.Logit.CompareTo(b.Logit) : b.Id.CompareTo(a.Id));

    private static int[] TopBySorting(ReadOnlySpan<float> logits, int count, float floor)
    {
        var keys = new List<(float Logit, int Id)>();
        for (var id = 0; id < logits.Length; id++)
        {
            if (IsPossible(logits[id]) && logits[id] >= floor)
                keys.Add((logits[id], id));
        }
        keys.Sort((a, b) => Ascending.Compare(b, a));
        return [.. keys.Take(count).Select(key => key.Id)];
    }

    private static bool IsPossible(float logit) => logit > float.NegativeInfinity;
}
