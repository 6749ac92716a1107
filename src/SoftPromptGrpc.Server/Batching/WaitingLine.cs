namespace SoftPromptGrpc.Server.Batching;

/// <summary>What waits for a place: the highest priority first, then the earliest. Owned by the loop.</summary>
internal sealed class WaitingLine
{
    private readonly List<ISequenceWork> _line = [];

    public int Count => _line.Count;

    /// <summary>Stands behind all of its priority.</summary>
    public void Add(ISequenceWork work)
    {
        var at = _line.Count;
        while (at > 0 && _line[at - 1].Priority < work.Priority)
            at--;
        _line.Insert(at, work);
    }

    public ISequenceWork First => _line[0];

    public void RemoveFirst() => _line.RemoveAt(0);

    /// <returns>Those whose callers have gone.</returns>
    public List<ISequenceWork> RemoveCancelled()
    {
        var cancelled = _line.FindAll(work => work.CancellationToken.IsCancellationRequested);
        if (cancelled.Count > 0)
            _line.RemoveAll(cancelled.Contains);
        return cancelled;
    }

    public List<ISequenceWork> RemoveAll()
    {
        List<ISequenceWork> all = [.. _line];
        _line.Clear();
        return all;
    }
}
