using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Threading.Channels;
using Microsoft.Extensions.Options;
using SoftPromptGrpc.Server.Storage;

namespace SoftPromptGrpc.Server.Jobs;

/// <summary>
/// Tells waiting readers that something was stored. A signal carries nothing: who gets one reads the store again, as slowly as it
/// likes. Where other servers use the same store, it also reads again from time to time. Safe from several threads.
/// </summary>
internal sealed class JobSignals(IOptions<StorageOptions> options)
{
    /// <summary>What stands for the queue among the numbers of jobs.</summary>
    public const long Queue = 0;

    private readonly ConcurrentDictionary<long, ImmutableHashSet<Subscription>> _subscriptions = new();

    private TimeSpan Patience => options.Value.IsShared ? options.Value.PollInterval : Timeout.InfiniteTimeSpan;

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
        public async Task WaitAsync(CancellationToken cancellationToken)
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            patience.CancelAfter(signals.Patience);
            await ((Task)_raised.Reader.WaitToReadAsync(patience.Token).AsTask()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
            _raised.Reader.TryRead(out _);
        }

        public void Raise() => _raised.Writer.TryWrite(true);

        public void Dispose() => signals.Remove(job, this);
    }
}
