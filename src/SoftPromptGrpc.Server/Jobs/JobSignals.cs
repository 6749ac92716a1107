using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Threading.Channels;

namespace SoftPromptGrpc.Server.Jobs;

/// <summary>
/// Tells waiting readers that something was stored. A signal carries nothing: who gets one reads the store again, as slowly as it
/// likes. Safe from several threads.
/// </summary>
internal sealed class JobSignals
{
    /// <summary>What stands for the queue among the numbers of jobs.</summary>
    public const long Queue = 0;

    private readonly ConcurrentDictionary<long, ImmutableHashSet<Subscription>> _subscriptions = new();

    /// <summary>Dispose it to unsubscribe.</summary>
    public Subscription Subscribe(long job)
    {
        var subscription = new Subscription(this, job);
        _subscriptions.AddOrUpdate(job, [subscription], (_, others) => others.Add(subscription));
        return subscription;
    }

    public void Raise(long job)
    {
        foreach (var subscription in _subscriptions.GetValueOrDefault(job, []))
            subscription.Raise();
    }

    private void Remove(long job, Subscription subscription)
    {
        _subscriptions.AddOrUpdate(job, [], (_, others) => others.Remove(subscription));
        _subscriptions.TryRemove(new KeyValuePair<long, ImmutableHashSet<Subscription>>(job, []));
    }

    internal sealed class Subscription(JobSignals signals, long job) : IDisposable
    {
        private readonly Channel<bool> _raised = Channel.CreateBounded<bool>(
            new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

        /// <summary>Completes at once if there was a signal since the last call.</summary>
        public async Task WaitAsync(CancellationToken cancellationToken) => await _raised.Reader.ReadAsync(cancellationToken);

        public void Raise() => _raised.Writer.TryWrite(true);

        public void Dispose() => signals.Remove(job, this);
    }
}
