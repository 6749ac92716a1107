using SoftPromptGrpc.Server.Batching;

namespace SoftPromptGrpc.Server.Tests.Batching;

public sealed class TenantLineTests
{
    private readonly TenantLine<string> _line = new();

    [Fact]
    public void First_ManyOfOneTenantBeforeOneOfAnother_TakeTurns()
    {
        Add("a1", "a2", "a3", "a4", "b1");

        Assert.Equal(["a1", "b1", "a2", "a3", "a4"], Take(5));
    }

    [Fact]
    public void First_ManyPromptsOfOneTenant_GetHerNoMoreTurns()
    {
        for (var i = 0; i < 4; i++)
            _line.Add($"a{i}", "a", group: $"prompt-{i}", cost: 10, priority: 0);
        Add("b0", "b1");

        Assert.Equal(["a0", "b0", "a1", "b1", "a2", "a3"], Take(6));
    }

    [Fact]
    public void First_HighestPriorityOfOneTenant_DoesNotDelayAnother()
    {
        Add("b1", "b2");
        for (var i = 0; i < 3; i++)
            _line.Add($"a{i}", "a", "", cost: 10, priority: i == 2 ? 100 : 0);

        Assert.Equal(["b1", "a2", "b2", "a0", "a1"], Take(5));
    }

    [Fact]
    public void First_LargeAndSmallWork_SharesPositionsNotRequests()
    {
        for (var i = 0; i < 3; i++)
            _line.Add($"a{i}", "a", "", cost: 300, priority: 0);
        for (var i = 0; i < 6; i++)
            _line.Add($"b{i}", "b", "", cost: 100, priority: 0);

        Assert.Equal(["a0", "b0", "b1", "b2", "a1", "b3", "b4", "b5", "a2"], Take(9));
    }

    [Fact]
    public void First_TenantThatPaused_HasSavedNothing()
    {
        Add("a1", "a2", "a3", "a4", "b1");
        Assert.Equal(["a1", "b1", "a2", "a3"], Take(4));
        Add("b2", "b3", "b4");

        Assert.Equal(["b2", "a4", "b3", "b4"], Take(4));
    }

    [Fact]
    public void RemoveAll_OfSome_LeavesTheOthersInTheirOrder()
    {
        Add("a1", "a2", "b1", "b2", "c1");

        var removed = _line.RemoveAll(item => item is "a1" or "b1" or "c1");

        Assert.Equal(["a1", "b1", "c1"], removed);
        Assert.Equal(["a2", "b2"], Take(2));
        Assert.Equal(0, _line.Count);
    }

    private void Add(params string[] items)
    {
        foreach (var item in items)
            _line.Add(item, item[..1], "", cost: 10, priority: 0);
    }

    private string[] Take(int count) =>
    [
        .. Enumerable.Range(0, count).Select(_ =>
        {
            var first = _line.First;
            _line.RemoveFirst();
            return first;
        }),
    ];
}
