using SoftPromptGrpc.Backends.OnnxRuntime.Export;
using SoftPromptGrpc.Fixtures;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Tests.Export;

public sealed class HeadLayoutTests
{
    [Fact]
    public void QueryKey_FullRotaryOfAFittingSize_IsTheModelsOwn()
    {
        var layout = new HeadLayout(RandomModel.Small with { HeadSize = 16, Rotary = new(10000, 16) });

        Assert.Equal(Enumerable.Range(0, 16), layout.QueryKey);
        Assert.Equal(Enumerable.Range(0, 16), layout.Value);
    }

    [Fact]
    public void QueryKey_PartialRotary_PairsLieHalfAHeadApart()
    {
        var layout = new HeadLayout(RandomModel.Small with { HeadSize = 12, Rotary = new(10000, 4) });

        Assert.Equal([0, 1, 4, 5, 6, 7, 8, 9, 2, 3, 10, 11, -1, -1, -1, -1], layout.QueryKey);
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, -1, -1, -1, -1], layout.Value);
    }

    [Fact]
    public void Size_LearnedPositions_IsTheNextMultipleOfEight()
    {
        var layout = new HeadLayout(RandomModel.Small with { HeadSize = 20, Rotary = null, Positions = Core.Models.PositionKind.Learned });

        Assert.Equal(24, layout.Size);
    }

    [Fact]
    public void QueryKey_InterleavedRotary_TakesNeighboursApart()
    {
        var layout = new HeadLayout(RandomModel.Small with { HeadSize = 12, Rotary = new(10000, 8, Interleaved: true) });

        Assert.Equal([0, 2, 4, 6, 8, 9, 10, 11, 1, 3, 5, 7, -1, -1, -1, -1], layout.QueryKey);
    }
}
