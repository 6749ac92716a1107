namespace SoftPromptGrpc.Backends.OnnxRuntime.Paged;

/// <summary>One run of the model: as many rows of pending steps as it takes.</summary>
internal sealed class PackedPass(PackedRunner runner, BlockPool pool, PagedPrefixes prefixes)
{
    private readonly List<int> _wantedRows = [];
    private readonly List<(int Row, float[] Logits)> _remembered = [];
    private readonly List<(PendingStep Step, Beginning Beginning, int Row)> _computed = [];
    private readonly List<(PagedSequence Sequence, int Length)> _advanced = [];
    private readonly HashSet<string> _keys = [];
    private int _firstLogits;

    /// <param name="firstLogits">Where the run's logits begin.</param>
    /// <param name="embed">Writes the input of a position.</param>
    /// <returns>
    /// What is left: steps that begin as one of the run does, and those that did not fit. The first may have been run in part; its logits
    /// then go on where the run's end.
    /// </returns>
    public IReadOnlyList<PendingStep> Collect(
        IReadOnlyList<PendingStep> pending, int firstLogits, EmbedPosition embed)
    {
        Clear(firstLogits);
        var (left, deferred) = (new List<PendingStep>(), new List<PendingStep>());
        foreach (var step in pending)
        {
            if (runner.Batch.Rows == runner.MostRows)
                left.Add(step);
            else if (!step.HasBegun && WaitsForAnother(step))
                deferred.Add(step);
            else if (Take(step, embed) < step.Remaining)
                left.Add(step);
        }
        return [.. left, .. deferred];
    }

    /// <returns>Where the next run's logits begin.</returns>
    public int Run()
    {
        if (runner.Batch.Rows > 0)
            runner.Run(_wantedRows, _firstLogits);
        foreach (var (sequence, length) in _advanced)
            sequence.Length = length;
        foreach (var (row, logits) in _remembered)
            logits.CopyTo(runner.Logits.Row(row));
        foreach (var (step, beginning, row) in _computed)
            prefixes.Keep(step.Sequence, beginning, runner.Logits.Row(row));
        return _firstLogits + _wantedRows.Count;
    }

    private void Clear(int firstLogits)
    {
        runner.Batch.Clear();
        _wantedRows.Clear();
        _remembered.Clear();
        _computed.Clear();
        _advanced.Clear();
        _keys.Clear();
        _firstLogits = firstLogits;
    }

    /// <summary>It need not compute what another step of the run is about to.</summary>
    private bool WaitsForAnother(PendingStep step) =>
        step.Beginnings.Exists(beginning => _keys.Contains(beginning.Key)) && prefixes.Peek(step.Beginnings[^1].Key) is null;

    /// <returns>How many rows of the step the run takes.</returns>
    private int Take(PendingStep step, EmbedPosition embed)
    {
        var sequence = step.Sequence;
        if (!step.HasBegun)
            Begin(step);
        var (past, first) = (sequence.Length, runner.Batch.Rows);
        var count = Math.Min(step.Remaining, runner.MostRows - first);
        if (count == 0)
            return 0;
        while (sequence.Blocks.Count < BlockLayout.BlocksOf(past + count))
            sequence.Blocks.Add(pool.Take());
        for (var i = 0; i < count; i++)
            embed(step, past + i, runner.Embedding(first + i));
        Want(step, past, count, first);
        runner.Batch.Add(sequence.Blocks, past, count);
        _advanced.Add((sequence, past + count));
        return count;
    }

    private void Begin(PendingStep step)
    {
        step.HasBegun = true;
        if (prefixes.Begin(step) is { } logits)
        {
            // A row that is computed for nothing keeps the place: a step's rows lie side by side.
            step.FirstRow = NextRow;
            _remembered.Add((NextRow, logits));
            _wantedRows.Add(0);
        }
        step.Beginnings.RemoveAll(beginning => beginning.Length <= step.Sequence.Length || !prefixes.Takes(beginning));
        _keys.UnionWith(step.Beginnings.Select(beginning => beginning.Key));
    }

    private void Want(PendingStep step, int past, int count, int firstRow)
    {
        for (var position = past; position < past + count; position++)
        {
            var end = step.Beginnings.FindIndex(beginning => beginning.Length == position + 1);
            if (end >= 0)
                _computed.Add((step, step.Beginnings[end], NextRow));
            if (position >= step.FirstWanted && step.FirstRow < 0)
                step.FirstRow = NextRow;
            if (end >= 0 || position >= step.FirstWanted)
                _wantedRows.Add(firstRow + position - past);
        }
    }

    private int NextRow => _firstLogits + _wantedRows.Count;
}

/// <summary>Writes the input of a step's position.</summary>
internal delegate void EmbedPosition(PendingStep step, int position, Span<float> row);
