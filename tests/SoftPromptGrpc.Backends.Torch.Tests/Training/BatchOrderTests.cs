using SoftPromptGrpc.Backends.Torch.Training;
using SoftPromptGrpc.Conformance.Training;

namespace SoftPromptGrpc.Backends.Torch.Tests.Training;

public sealed class BatchOrderTests
{
    [Fact]
    public void Examples_OneEpoch_EachExampleOnce()
    {
        var plan = TinyTask.Plan();
        var order = new BatchOrder(plan);

        Assert.Equal(plan.Examples.ToHashSet(), Enumerable.Range(3, 3).SelectMany(batch => order.Examples(batch)).ToHashSet());
        Assert.Equal([4, 4, 2], Enumerable.Range(3, 3).Select(batch => order.Examples(batch).Count));
    }

    [Fact]
    public void Examples_Shuffled_OtherOrderInEveryEpoch()
    {
        var order = new BatchOrder(TinyTask.Plan());

        Assert.NotEqual(order.Examples(0), order.Examples(3));
    }

    [Fact]
    public void Examples_AskedOutOfOrder_AreTheSame()
    {
        var plan = TinyTask.Plan();
        var (first, second) = (new BatchOrder(plan), new BatchOrder(plan));
        first.Examples(0);
        first.Examples(8);

        Assert.Equal(second.Examples(4), first.Examples(4));
    }

    [Fact]
    public void Examples_NotShuffled_AreInTheGivenOrder()
    {
        var plan = TinyTask.Plan() with { Shuffle = false };

        Assert.Equal(plan.Examples.Skip(4).Take(4), new BatchOrder(plan).Examples(4));
    }
}
