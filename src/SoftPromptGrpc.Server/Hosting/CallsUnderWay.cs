namespace SoftPromptGrpc.Server.Hosting;

/// <summary>Counts the calls that the server is to answer before it stops. Safe from several threads.</summary>
internal sealed class CallsUnderWay
{
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _none = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count;
    private bool _isClosed;

    /// <returns>False: no more calls are taken. Otherwise <see cref="Leave"/> has to follow.</returns>
    public bool TryEnter()
    {
        lock (_lock)
        {
            if (_isClosed)
                return false;
            _count++;
            return true;
        }
    }

    public void Leave()
    {
        lock (_lock)
        {
            if (--_count == 0 && _isClosed)
                _none.TrySetResult();
        }
    }

    /// <summary>Takes no more calls.</summary>
    /// <returns>Completes when the last one has ended.</returns>
    public Task Close()
    {
        lock (_lock)
        {
            _isClosed = true;
            if (_count == 0)
                _none.TrySetResult();
        }
        return _none.Task;
    }
}
