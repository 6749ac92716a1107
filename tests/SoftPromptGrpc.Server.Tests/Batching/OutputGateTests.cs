using SoftPromptGrpc.Server.Batching;
using SoftPromptGrpc.Server.Tests.Fakes;

namespace SoftPromptGrpc.Server.Tests.Batching;

public sealed class OutputGateTests
{
    [Fact]
    public void Take_PartsOfACharacter_GivesTheTokensAtOnceAndTheTextOnceItIsWhole()
    {
        var gate = new OutputGate(Settings());
        var ids = FakeTokenizer.IdsOf("é");

        Assert.Equal(("", Join(ids[..1])), Append(gate, ids[0]));
        Assert.Equal(("é", Join(ids[1..])), Append(gate, ids[1]));
    }

    [Fact]
    public void Take_BeginningOfAStopText_HoldsTextAndTokensBack()
    {
        var gate = new OutputGate(Settings("##"));

        Assert.Equal(("a", Join(FakeTokenizer.IdsOf("a"))), Append(gate, FakeTokenizer.IdOf('a')));
        Assert.Equal(("", ""), Append(gate, FakeTokenizer.IdOf('#')));
        Assert.Equal(("#b", Join(FakeTokenizer.IdsOf("#b"))), Append(gate, FakeTokenizer.IdOf('b')));
    }

    [Fact]
    public void Append_StopText_IsNotPartOfTextOrTokens()
    {
        var gate = new OutputGate(Settings("##"));

        var (text, tokens) = Feed(gate, "abc##");

        Assert.True(gate.Stopped);
        Assert.Equal("##", gate.StopText);
        Assert.Equal(("abc", Join(FakeTokenizer.IdsOf("abc"))), (text, tokens));
    }

    [Fact]
    public void Append_StopSequence_IsNotPartOfTextOrTokens()
    {
        var gate = new OutputGate(new StopSettings(new FakeTokenizer(), [], [FakeTokenizer.IdsOf("##")], 0));

        var (text, tokens) = Feed(gate, "abc##");

        Assert.True(gate.Stopped);
        Assert.Empty(gate.StopText);
        Assert.Equal(("abc", Join(FakeTokenizer.IdsOf("abc"))), (text, tokens));
    }

    [Fact]
    public void Append_StopsWithinTheFirstTokens_AreNotSeen()
    {
        var gate = new OutputGate(new StopSettings(new FakeTokenizer(), ["#"], [FakeTokenizer.IdsOf("!")], MinNewTokens: 3));

        var (text, _) = Feed(gate, "#!#a#b");

        Assert.Equal("#!#a", text);
        Assert.Equal("#", gate.StopText);
    }

    [Fact]
    public void End_HeldBackText_BecomesOutput()
    {
        var gate = new OutputGate(new StopSettings(new FakeTokenizer(), ["####"], [FakeTokenizer.IdsOf("#!")], 0));
        Feed(gate, "a###");

        gate.End();

        Assert.False(gate.Stopped);
        Assert.Equal("###", gate.Take().Text);
    }

    [Fact]
    public void End_HalfACharacter_BecomesAReplacementCharacter()
    {
        var gate = new OutputGate(Settings());
        Append(gate, FakeTokenizer.IdsOf("é")[0]);

        gate.End();

        Assert.Equal("\uFFFD", gate.Take().Text);
    }

    [Fact]
    public void Append_WithoutTokenizer_GivesTokensAlone()
    {
        var gate = new OutputGate(new StopSettings(null, [], [[7, 8]], 0));

        Assert.Equal(("", "5"), Append(gate, 5));
        Assert.Equal(("", ""), Append(gate, 7));
        Assert.Equal(("", ""), Append(gate, 8));
        Assert.True(gate.Stopped);
    }

    private static string Join(IEnumerable<int> ids) => string.Join(',', ids);

    private static StopSettings Settings(params string[] texts) => new(new FakeTokenizer(), texts, [], 0);

    private static (string, string) Append(OutputGate gate, int id)
    {
        gate.Append(new OutputToken(id, null, []));
        var (text, tokens) = gate.Take();
        return (text, Join(tokens.Select(token => token.Id)));
    }

    private static (string, string) Feed(OutputGate gate, string text)
    {
        foreach (var id in FakeTokenizer.IdsOf(text))
        {
            if (!gate.Stopped)
                gate.Append(new OutputToken(id, null, []));
        }
        var (taken, tokens) = gate.Take();
        return (taken, Join(tokens.Select(token => token.Id)));
    }
}
