using SoftPromptGrpc.Pretraining.Corpus;

namespace SoftPromptGrpc.Pretraining.Tests.Corpus;

public sealed class GrammarReaderTests
{
    [Theory]
    [InlineData("{open")]
    [InlineData("(a|b")]
    [InlineData("a)")]
    [InlineData("{Bad Name}")]
    public void Parse_Malformed_IsFormatException(string text) => Assert.Throws<FormatException>(() => GrammarReader.Parse(text));

    [Fact]
    public void Read_RuleWithoutAlternatives_IsFormatException() =>
        Assert.Throws<FormatException>(() => GrammarReader.Read(["@empty", "@full", "x"]).ToList());

    [Fact]
    public void Shipped_EverySlot_NamesARule()
    {
        var grammar = Grammar.Shipped();
        var names = grammar.Rules.Select(r => r.Name).ToHashSet();
        var slots = grammar.Rules.SelectMany(r => r.Alternatives).SelectMany(Slots).Where(n => !n.Contains('$')).Distinct();

        Assert.All(slots, name => Assert.Contains(name, names));
    }

    private static IEnumerable<string> Slots(Expression expression) => expression switch
    {
        Slot slot => [slot.Name],
        Sequence sequence => sequence.Parts.SelectMany(Slots),
        Choice choice => choice.Alternatives.SelectMany(Slots),
        _ => [],
    };
}
