using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Core.Tests.Models;

namespace SoftPromptGrpc.Core.Tests.Prompts;

public sealed class ServedPromptTests
{
    private static readonly float[] Numbers = [.. Enumerable.Range(0, 48).Select(i => i * 0.5f)];

    [Fact]
    public void ContentHash_OfRows_StaysWhatStoresHold() => Assert.Equal(
        "2d2a4d81725f8f19c707852431abe935f4b1ba6a7182863f835ea63124c25b3e", new SoftPrompt(1, 2, [1, 2], "print").ContentHash);

    [Fact]
    public void ContentHash_AnyDifference_ShowsInIt()
    {
        ServedPrompt[] prompts =
        [
            Prefix(2, 2, 3, 2),
            Prefix(2, 3, 2, 2),
            Prefix(2, 2, 2, 3),
            Prefix(1, 2, 3, 4),
            new KeyValuePrefix(2, 2, 3, 2, [.. Numbers[..47], 7], "print"),
            new KeyValuePrefix(2, 2, 3, 2, Numbers, "other"),
            new SoftPrompt(6, 8, Numbers, "print"),
        ];

        Assert.Equal(prompts.Length, prompts.Select(p => p.ContentHash).Distinct().Count());
        Assert.Equal(prompts[0].ContentHash, Prefix(2, 2, 3, 2).ContentHash);
    }

    [Fact]
    public void LayerKeysAndValues_OfAPrefix_AreItsParts()
    {
        var prefix = new KeyValuePrefix(2, 2, 3, 2, Numbers, "print");

        Assert.Equal((3, 48 * 4L), (prefix.VirtualTokens, prefix.Size));
        Assert.Equal(Numbers[..12], prefix.LayerKeys(0).ToArray());
        Assert.Equal(Numbers[12..24], prefix.LayerValues(0).ToArray());
        Assert.Equal(Numbers[24..36], prefix.LayerKeys(1).ToArray());
        Assert.Equal(Numbers[36..], prefix.LayerValues(1).ToArray());
    }

    [Fact]
    public void Of_Shape_GivesTheSameAgain()
    {
        foreach (var prompt in new ServedPrompt[] { new KeyValuePrefix(2, 2, 3, 2, Numbers, "print"), new SoftPrompt(6, 8, Numbers, "print") })
        {
            var again = ServedPrompt.Of(prompt.Shape, prompt.Values.ToArray(), prompt.ModelFingerprint);

            Assert.Equal(prompt.GetType(), again.GetType());
            Assert.Equal(prompt.ContentHash, again.ContentHash);
            Assert.Equal(prompt.VirtualTokens, again.VirtualTokens);
        }
    }

    [Theory]
    [InlineData(48)]
    [InlineData(2, 2, 12)]
    [InlineData(2, 3, 2, 2, 2)]
    [InlineData(4, 13)]
    [InlineData(-6, -8)]
    [InlineData(0, 8)]
    public void Of_ShapeOfNoPrompt_IsRefused(params int[] shape) =>
        Assert.ThrowsAny<ArgumentException>(() => ServedPrompt.Of(shape, Numbers, "print"));

    [Fact]
    public void MisfitWith_AModel_NamesBothShapes()
    {
        var spec = SmallSpec.Value;

        Assert.Null(new KeyValuePrefix(2, 2, 3, 2, Numbers, "print").MisfitWith(spec));
        Assert.Null(new SoftPrompt(6, 8, Numbers, "print").MisfitWith(spec));
        Assert.Equal("it is 6 wide, the model 8", new SoftPrompt(8, 6, Numbers, "print").MisfitWith(spec));
        Assert.Equal(
            "it has 2 layers of 3 key/value heads of size 2, the model 2 layers of 2 key/value heads of size 2",
            new KeyValuePrefix(2, 3, 2, 2, Numbers, "print").MisfitWith(spec));
    }

    private static KeyValuePrefix Prefix(int layers, int heads, int tokens, int headSize) =>
        new(layers, heads, tokens, headSize, Numbers[..(layers * 2 * heads * tokens * headSize)], "print");
}
