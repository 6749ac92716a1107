using SoftPromptGrpc.Pretraining.Training;

namespace SoftPromptGrpc.Pretraining.Tests.Training;

public sealed class PackedTokensTests
{
    [Fact]
    public void Batch_Documents_AreSeparatedAndTargetsAreOneFurther()
    {
        var tokens = PackedTokens.Of(["ab", "c"], text => text.Select(c => c - 'a' + 10), 4);

        Assert.Equal([10, 11, 1, 12], tokens.Batch(0, 4).Inputs);
        Assert.Equal([11, 1, 12, 1], tokens.Batch(0, 4).Targets);
    }

    [Fact]
    public void Of_FreshRows_BeginWithADocumentEach()
    {
        var tokens = PackedTokens.Of(["ab", "cde", "fgh", "i"], text => text.Select(c => c - 'a' + 10), 8, position => position < 3 ? 0 : 4);

        Assert.Equal([10, 11, 1, 12, 15, 16, 17, 1], tokens.Batch(0, 8).Inputs);
    }

    [Fact]
    public void Of_TooFewDocuments_IsRefused() =>
        Assert.Throws<ArgumentException>(() => PackedTokens.Of(["ab"], text => text.Select(c => (int)c), 3));
}
