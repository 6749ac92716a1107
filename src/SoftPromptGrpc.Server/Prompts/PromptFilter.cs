using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Server.Grpc;
using SoftPromptGrpc.Server.Storage;

namespace SoftPromptGrpc.Server.Prompts;

/// <summary>One condition of a list's filter.</summary>
internal abstract record PromptCondition
{
    public sealed record Model(string Id) : PromptCondition;

    public sealed record ExactName(string Name) : PromptCondition;

    public sealed record NamePrefix(string Prefix) : PromptCondition;

    public sealed record Label(string Key, string Value) : PromptCondition;

    public sealed record Method(PromptMethod Value) : PromptCondition;
}

/// <summary>Conditions joined by " AND ", such as <c>model = "small" AND name = "senti*" AND labels.team = "a"</c>. Values are quoted.</summary>
internal sealed partial record PromptFilter(IReadOnlyList<PromptCondition> Conditions)
{
    private const string Field = "filter";
    private const string LabelPrefix = "labels.";
    private const int MostCounted = 10_000;

    public static PromptFilter Parse(string text, Violations violations)
    {
        if (string.IsNullOrWhiteSpace(text))
            return new PromptFilter([]);
        var conditions = new List<PromptCondition>();
        foreach (var part in Parts(text))
        {
            if (ParseCondition(part.Trim(), violations) is { } condition)
                conditions.Add(condition);
        }
        return new PromptFilter(conditions);
    }

    private IEnumerable<PromptCondition.Label> Labels => Conditions.OfType<PromptCondition.Label>();

    /// <summary>The same, with the label that the fewest prompts have in front of the others: these are looked up for each such prompt.</summary>
    public async Task<PromptFilter> RarestLabelFirstAsync(IQueryable<StoredLabel> labels, CancellationToken cancellationToken)
    {
        if (Labels.Count() < 2)
            return this;
        var counts = new List<(PromptCondition Label, int Count)>();
        foreach (var label in Labels)
            counts.Add((label, await Matching(labels, label).Take(MostCounted).CountAsync(cancellationToken)));
        return new PromptFilter([.. counts.OrderBy(one => one.Count).Select(one => one.Label), .. Conditions.Except(Labels)]);
    }

    /// <summary>For a page: prompts are looked through in its order, so that it is found soon.</summary>
    public IQueryable<StoredPrompt> Apply(IQueryable<StoredPrompt> prompts, IQueryable<StoredLabel> labels) =>
        Labels.Any() ? Within(ApplyToFields(prompts), Labelled(labels)) : ApplyToFields(prompts);

    /// <summary>For a count: prompts are looked up by their label, since all have to be seen.</summary>
    public IQueryable<StoredPrompt> ApplyToCount(IQueryable<StoredPrompt> prompts, IQueryable<StoredLabel> labels) => Labels.Count() == 1
        ? ApplyToFields(prompts).Join(Matching(labels, Labels.Single()), p => p.Id, l => l.PromptId, (p, _) => p)
        : Apply(prompts, labels);

    private IQueryable<StoredPrompt> ApplyToFields(IQueryable<StoredPrompt> prompts) => Conditions.Except(Labels).Aggregate(prompts, Apply);

    private static IQueryable<StoredPrompt> Within(IQueryable<StoredPrompt> prompts, IQueryable<long> ids) => prompts.Where(p => ids.Contains(p.Id));

    /// <summary>Prompts that have all the labels.</summary>
    private IQueryable<long> Labelled(IQueryable<StoredLabel> labels) => Labels.Skip(1).Aggregate(
        Matching(labels, Labels.First()).Select(l => l.PromptId),
        (ids, label) => ids.Where(id => labels.Any(l => l.PromptId == id && l.Key == label.Key && l.Value == label.Value)));

    private static IQueryable<StoredLabel> Matching(IQueryable<StoredLabel> labels, PromptCondition.Label label) =>
        labels.Where(l => l.Key == label.Key && l.Value == label.Value);

    private static IQueryable<StoredPrompt> Apply(IQueryable<StoredPrompt> prompts, PromptCondition condition)
    {
        switch (condition)
        {
            case PromptCondition.Model model:
                return prompts.Where(p => p.ModelId == model.Id);
            case PromptCondition.ExactName exact:
                return prompts.Where(p => p.Name == exact.Name);
            case PromptCondition.NamePrefix prefix:
                var end = prefix.Prefix + '\x7f'; // Behind every character that a name may have.
                return prompts.Where(p => p.Name.CompareTo(prefix.Prefix) >= 0 && p.Name.CompareTo(end) < 0);
            case PromptCondition.Method method:
                return prompts.Where(p => p.Method == method.Value);
            default:
                throw new ArgumentOutOfRangeException(nameof(condition), condition, null);
        }
    }

    private static PromptCondition? ParseCondition(string part, Violations violations)
    {
        var match = Condition().Match(part);
        if (!violations.Require(match.Success, Field, $"'{part}' is not of the form field = \"value\""))
            return null;
        var (field, value) = (match.Groups["field"].Value, Unescape(match.Groups["value"].Value));
        switch (field)
        {
            case "model":
                return new PromptCondition.Model(value);
            case "name":
                return value.EndsWith('*') ? new PromptCondition.NamePrefix(value[..^1]) : new PromptCondition.ExactName(value);
            case "method":
                var method = PromptMethodMapper.ToMethod(value);
                return violations.Require(method is not null, Field, $"there is no method '{value}'") ? new PromptCondition.Method(method!.Value) : null;
            case var label when label.StartsWith(LabelPrefix, StringComparison.Ordinal) && label.Length > LabelPrefix.Length:
                return new PromptCondition.Label(label[LabelPrefix.Length..], value);
            default:
                violations.Add(Field, $"there is no field '{field}'; there are model, name, method and labels.KEY");
                return null;
        }
    }

    /// <summary>What stands between the ANDs outside of quotes.</summary>
    private static IEnumerable<string> Parts(string text)
    {
        const string And = " AND ";
        var (start, quoted) = (0, false);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '"')
                quoted = !quoted;
            else if (quoted && text[i] == '\\')
                i++;
            else if (!quoted && text.AsSpan(i).StartsWith(And, StringComparison.Ordinal))
            {
                yield return text[start..i];
                start = i + And.Length;
                i = start - 1;
            }
        }
        yield return text[start..];
    }

    private static string Unescape(string value) => Escape().Replace(value, "${escaped}");

    [GeneratedRegex("""\A(?<field>[^\s="]+)\s*=\s*"(?<value>(?:[^"\\]|\\["\\])*)"\z""", RegexOptions.NonBacktracking)]
    private static partial Regex Condition();

    [GeneratedRegex("""\\(?<escaped>["\\])""", RegexOptions.NonBacktracking)]
    private static partial Regex Escape();
}
