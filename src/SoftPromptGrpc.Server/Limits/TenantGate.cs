using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.Server.Limits;

/// <summary>Counts one tenant's calls. Safe from several threads.</summary>
internal sealed class TenantGate(string tenant, TenantLimits limits, TimeProvider time)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly TokenBucket? _bucket = limits.RequestsPerSecond is { } rate
        ? new TokenBucket(rate, limits.Burst ?? Math.Max(1, Math.Floor(rate)), time)
        : null;

    private int _underWay;

    public TenantLimits Limits => limits;

    /// <returns>To be disposed of when the call has ended.</returns>
    /// <exception cref="SoftPromptException"><see cref="ErrorKind.Overloaded"/>, with the <see cref="Quota"/> that is used up.</exception>
    public IDisposable Enter()
    {
        if (Interlocked.Increment(ref _underWay) > limits.ConcurrentRequests)
        {
            Leave();
            throw new Quota("ConcurrentRequests", tenant, limits.ConcurrentRequests.Value, RetryDelay).Exceeded(
                $"At most {limits.ConcurrentRequests} calls of tenant '{tenant}' may be under way at a time.");
        }
        if (_bucket?.Take() is { } wait)
        {
            Leave();
            throw new Quota("RequestsPerSecond", tenant, (long)Math.Ceiling(limits.RequestsPerSecond!.Value), wait).Exceeded(
                $"Tenant '{tenant}' may make {limits.RequestsPerSecond} calls a second.");
        }
        return new Place(this);
    }

    private void Leave() => Interlocked.Decrement(ref _underWay);

    private sealed class Place(TenantGate gate) : IDisposable
    {
        public void Dispose() => gate.Leave();
    }
}
