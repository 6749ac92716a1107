using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Server.Prompts;

/// <summary>The prompts used last, of all tenants, up to a number of bytes. Safe from several threads.</summary>
internal sealed class TensorCache(long capacityBytes)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedListNode<ServedPrompt>> _byKey = new(StringComparer.Ordinal);
    private readonly LinkedList<ServedPrompt> _newestFirst = new();

    public long SizeBytes { get; private set; }

    public ServedPrompt? Find(string tenant, string contentHash)
    {
        lock (_lock)
        {
            if (!_byKey.TryGetValue(ServedPrompt.KeyOf(tenant, contentHash), out var node))
                return null;
            _newestFirst.Remove(node);
            _newestFirst.AddFirst(node);
            return node.Value;
        }
    }

    public void Add(ServedPrompt prompt)
    {
        lock (_lock)
        {
            if (_byKey.ContainsKey(prompt.CacheKey))
                return;
            _byKey.Add(prompt.CacheKey, _newestFirst.AddFirst(prompt));
            SizeBytes += prompt.Size;
            while (SizeBytes > capacityBytes && _newestFirst.Last is { } oldest)
            {
                _newestFirst.RemoveLast();
                _byKey.Remove(oldest.Value.CacheKey);
                SizeBytes -= oldest.Value.Size;
            }
        }
    }
}
