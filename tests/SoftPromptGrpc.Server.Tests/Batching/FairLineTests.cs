using SoftPromptGrpc.Server.Batching;

namespace SoftPromptGrpc.Server.Tests.Batching;

public sealed class FairLineTests
{
    private readonly FairLine<string> _line = new();

    [Fact]
    public void First_OneGroup_IsInOrderOfArrival()
    {
        Add("a1", "a2", "a3");

        Assert.Equal(["a1", "a2", "a3"], Take(3));
    }

    [Fact]
    public void First_ManyOfOneGroupBeforeOneOfAnother_TakeTurns()
    {
        Add("a1", "a2", "a3", "a4", "b1");

        Assert.Equal(["a1", "b1", "a2", "a3", "a4"], Take(5));
    }

    [Fact]
    public void First_LargeAndSmallWork_SharesPositionsNotRequests()
    {
        for (var i = 0; i < 3; i++)
            _line.Add($"a{i}", "a", cost: 300, priority: 0);
        for (var i = 0; i < 6; i++)
            _line.Add($"b{i}", "b", cost: 100, priority: 0);

        Assert.Equal(["a0", "b0", "b1", "b2", "a1", "b3", "b4", "b5", "a2"], Take(9));
    }

    [Fact]
    public void First_HigherPriority_GoesAhead()
    {
        Add("a1", "a2");
        _line.Add("b1", "b", 10, priority: 1);
        _line.Add("c1", "c", 10, priority: -1);

        Assert.Equal(["b1", "a1", "a2", "c1"], Take(4));
    }

    [Fact]
    public void First_HighPriorityWithoutEnd_StarvesNobody()
    {
        Add("a1");
        var served = 0;
        for (; served < 1000 && (served == 0 || _line.First != "a1"); served++)
        {
            _line.Add($"b{served}", "b", cost: 100, priority: 1);
            _line.Add($"b{served}+", "b", cost: 100, priority: 1);
            _line.RemoveFirst();
        }

        Assert.InRange(served, 1, FairLine<string>.HeadStart / 100 + 2);
    }

    [Fact]
    public void First_GroupThatHadMuch_OwesNothingOnceTheLineWasEmpty()
    {
        Add("a1", "a2", "a3");
        Take(3);
        Add("b1", "b2", "a4");

        Assert.Equal(["b1", "a4", "b2"], Take(3));
    }

    [Fact]
    public void RemoveAll_Matching_LeavesTheOthersInTheirOrder()
    {
        Add("a1", "a2", "b1", "b2");

        Assert.Equal(["a1", "a2"], _line.RemoveAll(item => item[0] == 'a'));
        Assert.Equal(["b1", "b2"], Take(2));
        Assert.Equal(0, _line.Count);
    }

    /// <summary>Of ten positions each; the first letter is the group.</summary>
    private void Add(params string[] items)
    {
        foreach (var item in items)
            _line.Add(item, item[..1], cost: 10, priority: 0);
    }

    private List<string> Take(int count)
    {
        var taken = new List<string>();
        for (var i = 0; i < count; i++)
        {
            taken.Add(_line.First);
            _line.RemoveFirst();
        }
        return taken;
    }
}
