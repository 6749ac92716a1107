using SoftPromptGrpc.Server.Models;
using SoftPromptGrpc.Server.Tests.Fakes;

namespace SoftPromptGrpc.Server.Tests.Models;

public sealed class WeightMemoryTests
{
    [Theory]
    [InlineData(WeightMemory.Full, 1, false)]
    [InlineData(WeightMemory.Keep, 1000, true)]
    [InlineData(WeightMemory.Auto, 3, true)]
    [InlineData(WeightMemory.Auto, 4, false)]
    public void Apply_OnAMachine_KeepsSixteenBitsWhereThatIsWanted(WeightMemory choice, int timesTheWeights, bool keeps)
    {
        var model = FakeModels.Create("m");
        var machine = model.WeightBytes(keepsPrecision: false) * timesTheWeights;

        Assert.Equal(keeps, choice.Apply(model, machine).KeepsPrecision);
    }
}
