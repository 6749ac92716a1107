using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Server.Prompts;

/// <summary>The prompts used last, by content hash, up to a number of bytes. Safe from several threads.</summary>
internal sealed class TensorCache(long capacityBytes)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedListNode<ServedPrompt>> _byHash = new(StringComparer.Ordinal);
    private readonly LinkedList<ServedPrompt> _newestFirst = new();

    public long SizeBytes { get; private set; }

    public ServedPrompt? Find(string contentHash)
    {
        lock (_lock)
        {
            if (!_byHash.TryGetValue(contentHash, out var node))
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
            if (_byHash.ContainsKey(prompt.ContentHash))
                return;
            _byHash.Add(prompt.ContentHash, _newestFirst.AddFirst(prompt));
            SizeBytes += prompt.Size;
            while (SizeBytes > capacityBytes && _newestFirst.Last is { } oldest)
            {
                _newestFirst.RemoveLast();
                _byHash.Remove(oldest.Value.ContentHash);
                SizeBytes -= oldest.Value.Size;
            }
        }
    }
}
