using System.Globalization;
using System.Text;
using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.Pretraining.Corpus;

internal enum Split { Training, HeldOut }

/// <param name="Variables">What the grammar bound on the way, such as "mood".</param>
internal sealed record Document(string Text, IReadOnlyDictionary<string, string> Variables);

/// <summary>
/// Writes documents of one split. The splits share words but no sentence pattern of a rule with five or more, and no pair of
/// consecutive lexicon words: held-out documents take only the patterns and pairs that training documents never have.
/// </summary>
internal sealed class DocumentWriter(Grammar grammar, Split split, SeededRandom random)
{
    private const int ReservedEvery = 5;
    private const int DistinctFrom = 8;

    private readonly StringBuilder _text = new();
    private readonly Dictionary<string, string> _variables = new(StringComparer.Ordinal);
    private readonly HashSet<(string, int)> _used = [];
    private string _previousWord = "";

    /// <param name="variables">Bound before the first rule, to steer it; null: none.</param>
    public Document Write(string rule, IReadOnlyDictionary<string, string>? variables = null)
    {
        _text.Clear();
        _variables.Clear();
        _used.Clear();
        _previousWord = "";
        foreach (var (name, value) in variables ?? new Dictionary<string, string>())
            _variables[name] = value;
        Expand(grammar[rule]);
        return new Document(Typography.Polish(_text.ToString()), new Dictionary<string, string>(_variables));
    }

    /// <summary>Whether a pattern or a pair of words belongs to held-out documents alone.</summary>
    public static bool IsReserved(int pattern) => pattern % ReservedEvery == 2;

    public static bool IsReserved(string previousWord, string word) => StableHash($"{previousWord} {word}") % ReservedEvery == 0;

    private void Write(Expression expression)
    {
        switch (expression)
        {
            case Literal literal:
                _text.Append(literal.Text);
                break;
            case Sequence sequence:
                foreach (var part in sequence.Parts)
                    Write(part);
                break;
            case Choice choice:
                Write(choice.Alternatives[random.Next(choice.Alternatives.Count)]);
                break;
            case Number number:
                _text.Append(CultureInfo.InvariantCulture, $"{number.Low + random.Next(number.High - number.Low + 1)}");
                break;
            case Assign assign:
                _variables[assign.Variable] = assign.Value;
                break;
            case Recall recall:
                _text.Append(Inflection.Of(_variables[recall.Variable], recall.Form));
                break;
            case Slot slot:
                Write(slot);
                break;
        }
    }

    private void Write(Slot slot)
    {
        var start = _text.Length;
        Expand(grammar[Resolve(slot.Name)]);
        var written = _text.ToString(start, _text.Length - start);
        if (slot.Variable is not null)
            _variables[slot.Variable] = written;
        if (slot.Silent)
            _text.Length = start;
        else if (slot.Form is not null)
            _text.Remove(start, written.Length).Append(Inflection.Of(written, slot.Form));
    }

    private string Resolve(string name) => !name.Contains('$')
        ? name
        : string.Join('.', name.Split('.').Select(part => part[0] == '$' ? _variables[part[1..]] : part));

    private void Expand(Rule rule)
    {
        var allowed = Enumerable.Range(0, rule.Alternatives.Count).Where(i => IsAllowed(rule, i)).ToList();
        if (allowed.Count == 0)
            allowed = [.. Enumerable.Range(0, rule.Alternatives.Count)];
        var candidates = allowed.Where(i => !_used.Contains((rule.Name, i))).ToList();
        if (candidates.Count == 0)
            candidates = allowed;
        var chosen = candidates[random.Next(candidates.Count)];
        if (rule.Kind != RuleKind.Shared && rule.Alternatives.Count >= DistinctFrom)
            _used.Add((rule.Name, chosen));
        Write(rule.Alternatives[chosen]);
        if (rule.Kind == RuleKind.Words)
            _previousWord = Word(rule, chosen);
    }

    private bool IsAllowed(Rule rule, int index) => rule.Kind switch
    {
        RuleKind.Shared => true,
        RuleKind.Patterns => rule.Alternatives.Count < ReservedEvery || IsReserved(index) == (split == Split.HeldOut),
        RuleKind.Words => IsReserved(_previousWord, Word(rule, index)) == (split == Split.HeldOut),
    };

    private static string Word(Rule rule, int index) => rule.Alternatives[index].Parts is [Literal word] ? word.Text : "";

    /// <summary>FNV-1a: the same in every process, unlike <see cref="string.GetHashCode()"/>.</summary>
    private static uint StableHash(string text)
    {
        var hash = 2166136261u;
        foreach (var c in text)
            hash = unchecked((hash ^ c) * 16777619u);
        return hash ^ (hash >> 15);
    }
}
