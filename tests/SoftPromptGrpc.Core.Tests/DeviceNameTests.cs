namespace SoftPromptGrpc.Core.Tests;

public sealed class DeviceNameTests
{
    [Theory]
    [InlineData("cpu", null)]
    [InlineData("cuda", 0)]
    [InlineData("cuda:0", 0)]
    [InlineData("cuda:12", 12)]
    public void Gpu_Name_IsItsNumber(string name, int? gpu)
    {
        Assert.Equal(gpu, DeviceName.Gpu(name));
        Assert.Null(DeviceName.Obstacle(name, number => number == gpu));
    }

    [Theory]
    [InlineData("")]
    [InlineData("gpu")]
    [InlineData("CUDA")]
    [InlineData("cuda:")]
    [InlineData("cuda:-1")]
    [InlineData("cuda:1000")]
    [InlineData("cpu\n")]
    public void Gpu_NotAName_IsRefused(string name)
    {
        Assert.Throws<FormatException>(() => DeviceName.Gpu(name));
        Assert.Contains("must be", DeviceName.Obstacle(name, _ => true), StringComparison.Ordinal);
    }

    [Fact]
    public void Obstacle_GpuThatIsNotHere_NamesIt() =>
        Assert.Contains("no \"cuda:1\"", DeviceName.Obstacle("cuda:1", number => number < 1), StringComparison.Ordinal);
}
