using SoftPromptGrpc.Server.Batching;

namespace SoftPromptGrpc.Server.Tests.Batching;

public sealed class StopTextsTests
{
    [Theory]
    [InlineData("a|b|c", "", "abc", "")]
    [InlineData("ab|xd", "bc", "abxd", "")]
    [InlineData("ab", "bc", "a", "b")]
    [InlineData("a|a|a", "aab", "a", "aa")]
    [InlineData("one\n", "\n\n", "one", "\n")]
    [InlineData("12", "3,23,123", "", "12")]
    public void Append_NoStopText_GivesWhatIsCertainAndHoldsTheRest(string pieces, string stops, string certain, string held)
    {
        var detector = Create(stops);

        Assert.Equal(certain, string.Concat(pieces.Split('|').Select(detector.Append)));
        Assert.Equal(held, detector.Flush());
        Assert.Null(detector.Found);
    }

    [Theory]
    [InlineData("ab|cd", "bc", "a", "bc")]
    [InlineData("one\n|\ntwo", "\n\n", "one", "\n\n")]
    [InlineData("a|a|a|b", "aab", "a", "aab")]
    [InlineData("abab|abc", "ababc", "ab", "ababc")]
    [InlineData("xyz END more", "END", "xyz ", "END")]
    [InlineData("END", "END", "", "END")]
    // Of several the earliest; at one place the one named first.
    [InlineData("12345", "4,23", "1", "23")]
    [InlineData("abcd", "abc,ab", "", "abc")]
    [InlineData("ab|cd", "abc,ab", "", "ab")]
    // The shorter one is complete before the longer one, which began earlier, can be.
    [InlineData("abc|d", "abcd,bc", "a", "bc")]
    public void Append_StopText_EndsTheTextInFrontOfIt(string pieces, string stops, string certain, string found)
    {
        var detector = Create(stops);

        Assert.Equal(certain, string.Concat(pieces.Split('|').TakeWhile(_ => detector.Found is null).Select(detector.Append)));
        Assert.Equal(found, detector.Found);
    }

    private static StopTexts Create(string stops) => new(stops.Split(',', StringSplitOptions.RemoveEmptyEntries));
}
