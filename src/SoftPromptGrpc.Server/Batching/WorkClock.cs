namespace SoftPromptGrpc.Server.Batching;

/// <summary>Takes the times of one piece of work; it begins when this is made.</summary>
internal sealed class WorkClock(TimeProvider time)
{
    private readonly long _queued = time.GetTimestamp();
    private long? _admitted;
    private long? _first;
    private long? _last;

    public WorkTimes Times
    {
        get
        {
            var admitted = _admitted ?? time.GetTimestamp();
            var first = _first ?? (_admitted is null ? admitted : time.GetTimestamp());
            return new WorkTimes(
                time.GetElapsedTime(_queued, admitted), time.GetElapsedTime(admitted, first), time.GetElapsedTime(first, _last ?? first));
        }
    }

    public void Admit() => _admitted = time.GetTimestamp();

    public void Token()
    {
        _last = time.GetTimestamp();
        _first ??= _last;
    }
}
