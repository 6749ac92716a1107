using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace SoftPromptGrpc.Pretraining.Corpus;

/// <summary>
/// Reads grammar files: a line "@name", "%name" or "!name" begins a rule (<see cref="RuleKind"/>); each line below is one
/// alternative, or several separated by ", " under "%". "#" begins a comment, "\n" is a line break and "\_" a space.
/// </summary>
internal static partial class GrammarReader
{
    public static IEnumerable<Rule> Read(IEnumerable<string> lines)
    {
        string? header = null;
        var alternatives = new List<Sequence>();
        foreach (var line in lines.Where(l => l.Length > 0 && l[0] != '#'))
        {
            if (Kind(line[0]) is null)
            {
                var texts = header?[0] == '%' ? line.Split(", ") : [line];
                alternatives.AddRange(texts.Select(Parse));
                continue;
            }
            if (header is not null)
                yield return Finish(header, alternatives);
            (header, alternatives) = (line, []);
        }
        if (header is not null)
            yield return Finish(header, alternatives);
    }

    public static Sequence Parse(string text)
    {
        var unescaped = text.Replace("\\n", "\n", StringComparison.Ordinal).Replace("\\_", " ", StringComparison.Ordinal);
        var at = 0;
        var sequence = ParseSequence(unescaped, ref at);
        return at == unescaped.Length ? sequence : throw new FormatException($"Unexpected '{unescaped[at]}' in: {text}");
    }

    private static Rule Finish(string header, List<Sequence> alternatives) => alternatives.Count > 0
        ? new Rule(header[1..], Kind(header[0])!.Value, alternatives)
        : throw new FormatException($"Rule '{header}' has no alternatives.");

    private static RuleKind? Kind(char mark) => mark switch
    {
        '@' => RuleKind.Patterns,
        '%' => RuleKind.Words,
        '!' => RuleKind.Shared,
        _ => null,
    };

    private static Sequence ParseSequence(string text, ref int at)
    {
        var parts = new List<Expression>();
        var literal = new StringBuilder();
        while (at < text.Length && text[at] is not (')' or ']' or '|'))
        {
            if (text[at] is not ('{' or '(' or '['))
            {
                literal.Append(text[at++]);
                continue;
            }
            if (literal.Length > 0)
                parts.Add(new Literal(literal.ToString()));
            literal.Clear();
            parts.Add(text[at] == '{' ? ParseSlot(text, ref at) : ParseChoice(text, ref at));
        }
        if (literal.Length > 0)
            parts.Add(new Literal(literal.ToString()));
        return new Sequence(parts);
    }

    private static Choice ParseChoice(string text, ref int at)
    {
        var close = text[at] == '(' ? ')' : ']';
        var alternatives = new List<Sequence>();
        do
        {
            at++;
            alternatives.Add(ParseSequence(text, ref at));
        }
        while (at < text.Length && text[at] == '|');
        if (at == text.Length || text[at++] != close)
            throw new FormatException($"'{close}' is missing in: {text}");
        if (close == ']')
            alternatives.Add(new Sequence([]));
        return new Choice(alternatives);
    }

    private static Expression ParseSlot(string text, ref int at)
    {
        var end = text.IndexOf('}', at);
        if (end < 0)
            throw new FormatException($"'}}' is missing in: {text}");
        var body = text[(at + 1)..end];
        at = end + 1;
        if (NumberPattern().Match(body) is { Success: true } number)
            return new Number(int.Parse(number.Groups[1].Value, CultureInfo.InvariantCulture), int.Parse(number.Groups[2].Value, CultureInfo.InvariantCulture));
        if (AssignPattern().Match(body) is { Success: true } assign)
            return new Assign(assign.Groups[1].Value, assign.Groups[2].Value);
        if (SlotPattern().Match(body) is not { Success: true } slot)
            throw new FormatException($"'{{{body}}}' is no slot in: {text}");
        var form = slot.Groups["form"] is { Success: true } f ? f.Value : null;
        var name = slot.Groups["name"].Value;
        if (name[0] == '$')
            return new Recall(name[1..], form);
        return new Slot(name, form, slot.Groups["variable"] is { Success: true } v ? v.Value : null, slot.Groups["silent"].Success);
    }

    [GeneratedRegex(@"^(\d+)-(\d+)$")]
    private static partial Regex NumberPattern();

    [GeneratedRegex(@"^([a-z]+)=(.+)$")]
    private static partial Regex AssignPattern();

    [GeneratedRegex(@"^(?<name>[$a-z][$a-z.]*)(\+(?<form>s|ed))?(:(?<variable>[a-z]+)(?<silent>!)?)?$")]
    private static partial Regex SlotPattern();
}
