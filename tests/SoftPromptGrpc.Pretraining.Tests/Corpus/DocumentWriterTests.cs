using SoftPromptGrpc.Core;
using SoftPromptGrpc.Pretraining.Corpus;

namespace SoftPromptGrpc.Pretraining.Tests.Corpus;

public sealed class DocumentWriterTests
{
    private static string Write(string[] lines, string rule = "start", Split split = Split.Training, ulong seed = 1) =>
        new DocumentWriter(new Grammar(GrammarReader.Read(lines)), split, new SeededRandom(seed)).Write(rule).Text;

    [Fact]
    public void Write_BoundVariable_IsRecalledAndInflected() =>
        Assert.Equal("A fox saw foxes.", Write(["!start", "a {animal:one} saw {$one+s}.", "%animal", "fox"]));

    [Fact]
    public void Write_SilentBinding_ChoosesTheRule() =>
        Assert.Equal("Rain.", Write(["!start", "{sky:sky!}{say.$sky}.", "!sky", "wet", "!say.wet", "rain"]));

    [Theory]
    [InlineData("a apple", "An apple")]
    [InlineData("a unit, a one, a hour", "A unit, a one, an hour")]
    [InlineData("yes. no? \"well\" ^fine", "Yes. No? \"Well\" fine")]
    public void Write_Text_IsPolished(string text, string expected) => Assert.Equal(expected, Write(["!start", text]));

    [Fact]
    public void Write_Patterns_AreDividedBetweenTheSplits()
    {
        string[] grammar = ["@start", "A", "B", "C", "D", "E"];
        var seeds = Enumerable.Range(0, 100).Select(s => (ulong)s).ToList();

        var training = seeds.Select(s => Write(grammar, seed: s)).ToHashSet();
        var heldOut = seeds.Select(s => Write(grammar, split: Split.HeldOut, seed: s)).ToHashSet();

        Assert.Equal(["A", "B", "D", "E"], training.Order());
        Assert.Equal(["C"], heldOut);
    }

    [Fact]
    public void Write_PairsOfWords_AreDividedBetweenTheSplits()
    {
        var words = string.Join(", ", Enumerable.Range('a', 20).Select(c => new string((char)c, 3)));
        string[] grammar = ["!start", "{w} {w}", "%w", words];
        var seeds = Enumerable.Range(0, 400).Select(s => (ulong)s).ToList();

        var training = seeds.Select(s => Write(grammar, seed: s)).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var heldOut = seeds.Select(s => Write(grammar, split: Split.HeldOut, seed: s)).ToHashSet(StringComparer.OrdinalIgnoreCase);

        Assert.NotEmpty(heldOut);
        Assert.DoesNotContain(heldOut, training.Contains);
    }
}
