using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Core.Tests.Prompts;

public sealed class PrefixLayoutTests
{
    [Theory]
    [InlineData(1, new[] { 0 })]
    [InlineData(2, new[] { 0, 0 })]
    [InlineData(3, new[] { 0, 2, 1 })]
    [InlineData(4, new[] { 0, 2, 0, 2 })]
    public void Dealt_LayersOfRows_EachLayerTakesThatOfTwiceItsNumber(int layers, int[] expected)
    {
        var dealt = PrefixLayout.Dealt(Numbered(layers));

        Assert.Equal(expected, Enumerable.Range(0, layers).Select(layer => (int)dealt.LayerKeys(layer).Span[0]));
        Assert.Equal(expected, Enumerable.Range(0, layers).Select(layer => (int)dealt.LayerValues(layer).Span[^1]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Undealt_WhatWasDealt_IsDealtToTheSameBits(int layers)
    {
        var dealt = PrefixLayout.Dealt(Numbered(layers));

        Assert.Equal(dealt.ContentHash, PrefixLayout.Dealt(PrefixLayout.Undealt(dealt)).ContentHash);
    }

    /// <summary>Two heads of two numbers, all of them their layer's.</summary>
    private static KeyValuePrefix Numbered(int layers) =>
        new(layers, 2, 3, 2, [.. Enumerable.Range(0, layers * 24).Select(i => (float)(i / 24))], "feed");
}
