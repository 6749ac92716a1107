using SoftPromptGrpc.Core.Training;

namespace SoftPromptGrpc.Backends.Torch.Packing;

/// <summary>Lays out one <see cref="PackedBatch"/>.</summary>
internal sealed class BatchPacker(IReadOnlyList<TrainingExample> examples, int promptRows, bool hasTasks, int first)
{
    private readonly List<Stem> _stems = [];
    private readonly List<Bucket> _buckets = [];
    private readonly List<int> _tokens = [];
    private readonly List<long> _positions = [];
    private readonly List<long> _needed = [];
    private readonly long[][] _order = new long[examples.Count][];

    public PackedBatch Pack()
    {
        var groups = examples.Index().GroupBy(e => hasTasks ? e.Item.Task : 0).ToList();
        foreach (var group in groups)
            AddStem(group.Key, [.. group.Select(e => e.Item)]);
        foreach (var (stem, group) in groups.Index())
        {
            var sequences = group.Select(e => new Sequence(e.Index, e.Item, _stems[stem].Head.Length));
            foreach (var equal in sequences.GroupBy(s => (s.Own.Length, s.Needed)).OrderBy(g => g.Key))
                AddBucket(stem, [.. equal]);
        }
        return new(
            _stems, _buckets, _tokens, _positions, _needed, [.. _order.SelectMany(rows => rows)],
            [.. examples.SelectMany(e => e.Target.Select(id => (long)id))]);
    }

    private void AddStem(int task, TrainingExample[] ofTask)
    {
        var stem = new Stem(task, promptRows, SharedHead.Of(ofTask), _positions.Count, ofTask.Any(e => e.Input.Length == 0));
        if (stem.IsNeeded)
            _needed.Add(stem.First + stem.Length - 1);
        _tokens.AddRange(stem.Head);
        AddPositions(0, stem.Length);
        _stems.Add(stem);
    }

    private void AddBucket(int stem, Sequence[] sequences)
    {
        var (length, needed) = (sequences[0].Own.Length, sequences[0].Needed);
        if (length > 0)
            _buckets.Add(new Bucket(stem, _positions.Count, sequences.Length, length, needed));
        foreach (var sequence in sequences)
        {
            var own = Enumerable.Range(_needed.Count, needed).Select(i => (long)i);
            _order[sequence.Index] = [.. sequence.BeginsInStem ? own.Prepend(NeededOf(stem)) : own];
            _tokens.AddRange(sequence.Own);
            AddPositions(_stems[stem].Length, length);
            _needed.AddRange(Enumerable.Range(_positions.Count - needed, needed).Select(row => (long)row));
        }
    }

    private long NeededOf(int stem) => _stems.Take(stem).Count(s => s.IsNeeded);

    private void AddPositions(int start, int count) => _positions.AddRange(Enumerable.Range(first + start, count).Select(p => (long)p));

    /// <summary>An example behind its stem.</summary>
    private sealed class Sequence(int index, TrainingExample example, int headLength)
    {
        public int Index => index;

        public int[] Own { get; } = [.. example.Input.AsSpan(headLength), .. example.Target.AsSpan(0, example.Target.Length - 1)];

        /// <summary>Whether the stem's last row predicts the first target.</summary>
        public bool BeginsInStem => example.Input.Length == 0;

        public int Needed => BeginsInStem ? example.Target.Length - 1 : example.Target.Length;
    }
}
