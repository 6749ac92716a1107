using SoftPromptGrpc.Server.Batching;

namespace SoftPromptGrpc.Server.Tests.Batching;

public sealed class StopSequencesTests
{
    [Theory]
    [InlineData("1 2 3", "", "1 2 3", false)]
    [InlineData("1 2 3", "3", "1 2", true)]
    [InlineData("1 2 3 4", "2 3", "1", true)]
    [InlineData("1 2 4", "2 3", "1 2 4", false)]
    [InlineData("1 1 1 2", "1 1 2", "1", true)]
    [InlineData("5 6", "7,5 6", "", true)]
    public void Append_Tokens_GivesCertainTokensAndStop(string tokens, string stops, string expected, bool found)
    {
        var detector = new StopSequences([.. stops.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Ids)]);
        var certain = new List<OutputToken>();
        foreach (var id in Ids(tokens))
        {
            certain.AddRange(detector.Append(new OutputToken(id, null, [])));
            if (detector.Found)
                break;
        }
        if (!detector.Found)
            certain.AddRange(detector.Flush());

        Assert.Equal(found, detector.Found);
        Assert.Equal(Ids(expected), certain.Select(token => token.Id));
    }

    [Fact]
    public void Append_BeginningOfASequence_IsHeldBack()
    {
        var detector = new StopSequences([[1, 2, 3]]);

        Assert.Empty(detector.Append(new OutputToken(1, null, [])));
        Assert.Empty(detector.Append(new OutputToken(2, null, [])));
        Assert.Equal([1, 2, 4], detector.Append(new OutputToken(4, null, [])).Select(token => token.Id));
    }

    private static IReadOnlyList<int> Ids(string text) =>
        [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(id => int.Parse(id, null))];
}
