using SoftPromptGrpc.Core.Inference;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Prefixes;

/// <summary>What sequences begin with, by its key; the least recently used goes first. Used by one thread, but for <see cref="Use"/>.</summary>
internal sealed class PrefixCache<T>(long maxBytes) : IDisposable
    where T : class, IDisposable
{
    private readonly Dictionary<string, LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _byUse = [];
    private long _bytes;
    private long _hits;
    private long _misses;

    public PrefixUse Use => new(Volatile.Read(ref _hits), Volatile.Read(ref _misses), Volatile.Read(ref _bytes));

    /// <summary>Null: there is none. Counts.</summary>
    /// <returns>The cache's: valid until the next call of another member.</returns>
    public T? Find(string key)
    {
        if (!_entries.TryGetValue(key, out var node))
        {
            _misses++;
            return null;
        }
        _hits++;
        _byUse.Remove(node);
        _byUse.AddFirst(node);
        return node.Value.Prefix;
    }

    /// <summary>Neither counts nor is a use.</summary>
    public bool Contains(string key) => _entries.ContainsKey(key);

    /// <inheritdoc cref="Contains"/>
    public T? Peek(string key) => _entries.GetValueOrDefault(key)?.Value.Prefix;

    /// <summary>Whether it would take one of this size.</summary>
    public bool Takes(long bytes) => bytes <= maxBytes;

    /// <param name="key">Not yet there.</param>
    /// <param name="prefix">Taken over; disposed at once where it is too large.</param>
    public void Add(string key, T prefix, long bytes)
    {
        if (!Takes(bytes))
        {
            prefix.Dispose();
            return;
        }
        while (_bytes + bytes > maxBytes)
            EvictOldest();
        _entries.Add(key, _byUse.AddFirst(new Entry(key, prefix, bytes)));
        _bytes += bytes;
    }

    /// <returns>False: it is empty.</returns>
    public bool EvictOldest()
    {
        if (_byUse.Last is not { } oldest)
            return false;
        _byUse.RemoveLast();
        _entries.Remove(oldest.Value.Key);
        _bytes -= oldest.Value.Bytes;
        oldest.Value.Prefix.Dispose();
        return true;
    }

    public void Dispose()
    {
        while (EvictOldest())
        {
        }
    }

    private sealed record Entry(string Key, T Prefix, long Bytes);
}
