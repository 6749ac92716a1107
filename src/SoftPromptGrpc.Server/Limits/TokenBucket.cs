namespace SoftPromptGrpc.Server.Limits;

/// <summary>Lets as many pass as its rate allows in the long run, and some at once. Safe from several threads.</summary>
/// <param name="rate">A second.</param>
/// <param name="burst">How many may pass at once after a pause.</param>
internal sealed class TokenBucket(double rate, double burst, TimeProvider time)
{
    private readonly Lock _lock = new();
    private double _taken;
    private long _since = time.GetTimestamp();

    /// <returns>Null: one may pass. Otherwise how long it takes until one may.</returns>
    public TimeSpan? Take()
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            _taken = Math.Max(0, _taken - (time.GetElapsedTime(_since, now).TotalSeconds * rate));
            _since = now;
            if (_taken + 1 > burst)
                return TimeSpan.FromSeconds((_taken + 1 - burst) / rate);
            _taken++;
            return null;
        }
    }
}
