using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Training;

namespace SoftPromptGrpc.Backends.Torch.Training;

/// <summary>
/// Which examples each batch holds: a function of the plan and the batch's number alone. An epoch's last batch may be smaller.
/// </summary>
internal sealed class BatchOrder(TrainingPlan plan)
{
    private readonly int _count = plan.Examples.Count;
    private readonly int _perEpoch = (plan.Examples.Count + plan.BatchSize - 1) / plan.BatchSize;
    private readonly int[] _order = [.. Enumerable.Range(0, plan.Examples.Count)];
    private long _epoch = -1;

    /// <param name="batch">From 0, over all epochs.</param>
    public IReadOnlyList<TrainingExample> Examples(long batch)
    {
        Order(batch / _perEpoch);
        var first = (int)(batch % _perEpoch) * plan.BatchSize;
        return [.. _order[first..Math.Min(first + plan.BatchSize, _count)].Select(i => plan.Examples[i])];
    }

    /// <summary>Examples in the first <paramref name="batches"/> batches / examples in the data.</summary>
    public double Epochs(long batches)
    {
        var inEpoch = Math.Min(batches % _perEpoch * plan.BatchSize, _count);
        return batches / _perEpoch + (double)inEpoch / _count;
    }

    private void Order(long epoch)
    {
        if (epoch == _epoch)
            return;
        _epoch = epoch;
        for (var i = 0; i < _count; i++)
            _order[i] = i;
        if (plan.Shuffle)
            SeededRandom.For(plan.Seed, epoch).Shuffle(_order.AsSpan());
    }
}
