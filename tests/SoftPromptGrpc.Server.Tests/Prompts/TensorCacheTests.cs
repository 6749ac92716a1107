using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Server.Prompts;

namespace SoftPromptGrpc.Server.Tests.Prompts;

public sealed class TensorCacheTests
{
    [Fact]
    public void Add_OverCapacity_DropsTheLeastRecentlyUsed()
    {
        var (a, b, c) = (Prompt(1), Prompt(2), Prompt(3));
        var cache = new TensorCache(2 * a.Bytes.Length);
        cache.Add(a);
        cache.Add(b);
        Assert.Same(a, cache.Find("", a.ContentHash));

        cache.Add(c);

        Assert.Same(a, cache.Find("", a.ContentHash));
        Assert.Null(cache.Find("", b.ContentHash));
        Assert.Same(c, cache.Find("", c.ContentHash));
        Assert.Equal(2 * a.Bytes.Length, cache.SizeBytes);
    }

    [Fact]
    public void Add_LargerThanTheCache_KeepsNothing()
    {
        var cache = new TensorCache(4);

        cache.Add(Prompt(1));

        Assert.Equal(0, cache.SizeBytes);
    }

    [Fact]
    public void Add_SameContentTwice_CountsOnce()
    {
        var cache = new TensorCache(1000);

        cache.Add(Prompt(1));
        cache.Add(Prompt(1));

        Assert.Equal(Prompt(1).Bytes.Length, cache.SizeBytes);
    }

    private static SoftPrompt Prompt(float value) => new(2, 2, [value, 0, 0, 0], "f");
}
