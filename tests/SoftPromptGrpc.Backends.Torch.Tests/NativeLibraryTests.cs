using TorchSharp;

namespace SoftPromptGrpc.Backends.Torch.Tests;

public sealed class NativeLibraryTests
{
    [Fact]
    public void TorchSharp_LoadedFromTheBuildOutput_Computes()
    {
        using var ones = torch.ones(2);
        using var sum = ones.sum();

        Assert.Equal(2, sum.item<float>());
    }
}
