using SoftPromptGrpc.Backends.OnnxRuntime.Prefixes;
using SoftPromptGrpc.Core.Inference;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Tests.Prefixes;

public sealed class PrefixCacheTests : IDisposable
{
    private readonly PrefixCache<Entry> _cache = new(100);

    [Fact]
    public void Add_Full_DropsTheLeastRecentlyUsed()
    {
        var (a, b, c) = (Add("a", 40), Add("b", 40), new Entry());
        Assert.Same(a, _cache.Find("a"));

        _cache.Add("c", c, 50);

        Assert.True(b.IsDisposed);
        Assert.False(a.IsDisposed);
        Assert.Null(_cache.Find("b"));
        Assert.Same(c, _cache.Find("c"));
        Assert.Equal(new PrefixUse(2, 1, 90), _cache.Use);
    }

    [Fact]
    public void Add_LargerThanAllowed_KeepsTheOthers()
    {
        var (small, large) = (Add("small", 100), Add("large", 101));

        Assert.True(large.IsDisposed);
        Assert.Same(small, _cache.Find("small"));
        Assert.Null(_cache.Find("large"));
    }

    [Fact]
    public void EvictOldest_UntilEmpty_GoesInOrderOfUse()
    {
        var (a, b) = (Add("a", 10), Add("b", 10));
        _cache.Find("a");

        Assert.True(_cache.EvictOldest());
        Assert.Equal((false, true), (a.IsDisposed, b.IsDisposed));
        Assert.True(_cache.EvictOldest());
        Assert.False(_cache.EvictOldest());
        Assert.Equal(0, _cache.Use.Bytes);
    }

    [Fact]
    public void Dispose_Entries_DisposesThem()
    {
        Entry[] entries = [Add("a", 10), Add("b", 20)];

        _cache.Dispose();

        Assert.All(entries, entry => Assert.True(entry.IsDisposed));
    }

    public void Dispose() => _cache.Dispose();

    private Entry Add(string key, long bytes)
    {
        var entry = new Entry();
        _cache.Add(key, entry, bytes);
        return entry;
    }

    private sealed class Entry : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }
}
