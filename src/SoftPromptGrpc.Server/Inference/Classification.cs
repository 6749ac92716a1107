using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Server.Batching;
using SoftPromptGrpc.Server.Telemetry;

namespace SoftPromptGrpc.Server.Inference;

/// <summary>Probabilities of labels: every label of every prompt is a row of one batch.</summary>
internal sealed class Classification(TargetResolver targets, ScoringBatch batch, InferenceTelemetry telemetry)
{
    private const int MostLabels = 1000;
    private const int MostPrompts = 100;
    private const int MostRows = 16384;

    public async Task<ClassifyResult> ClassifyAsync(ClassifyQuery query, CancellationToken cancellationToken)
    {
        using var request = telemetry.Begin(InferenceTelemetry.Classify, cancellationToken);
        Check(query);
        var members = new List<Member>();
        foreach (var prompt in query.Prompts.DefaultIfEmpty(""))
            members.Add(await PlanAsync(query, prompt, members, cancellationToken));
        request.Resolved(members[0].Target);
        var rows = members.SelectMany(member => member.Rows.Concat(member.Priors)).ToList();
        var scored = await batch.RunAsync(members[0].Target.Model, query.Target.Backend, rows, cancellationToken);
        var usage = ScoringBatch.UsageOf(members[0].Target, members[0].Rows[0].Start.InputTokens, scored);
        request.Completed(usage, finish: null);
        return Combine(query, [.. scored.Chunk(rows.Count / members.Count)], usage);
    }

    /// <param name="prompts">For each prompt, its labels and then, with a prior, its labels again.</param>
    private static ClassifyResult Combine(ClassifyQuery query, IReadOnlyList<ScoredTokens[]> prompts, Usage usage)
    {
        var count = query.Labels.Count;
        double[][] each =
        [
            .. prompts.Select(scored =>
                LabelProbabilities.Of(scored[..count], query.PriorInput is null ? null : scored[count..], query.PerToken)),
        ];
        var mean = LabelProbabilities.Mean(each);
        var combined = query.Vote ? LabelProbabilities.Votes(each) : mean;
        int[] order = [.. Enumerable.Range(0, count).OrderByDescending(label => combined[label]).ThenByDescending(label => mean[label])];
        return new ClassifyResult(
            [.. order.Select(i => new ClassifiedLabel(query.Labels[i].Name, combined[i], prompts[0][i].LogProbabilities.Sum()))],
            each.Count(probabilities => LabelProbabilities.First(probabilities) == order[0]) / (double)each.Length,
            usage);
    }

    private async Task<Member> PlanAsync(
        ClassifyQuery query, string prompt, IReadOnlyList<Member> others, CancellationToken cancellationToken)
    {
        var violations = new Violations();
        var target = await targets.ResolveAsync(query.Target with { Prompt = prompt }, violations, cancellationToken);
        if (others.Count > 0)
        {
            violations.Require(
                target.Model.Id == others[0].Target.Model.Id,
                $"prompts[{others.Count}]",
                $"belongs to model '{target.Model.Id}', the first one to '{others[0].Target.Model.Id}'");
        }
        var rows = Rows(query, target, query.Input, "input", violations);
        var priors = query.PriorInput is null ? [] : Rows(query, target, query.PriorInput, "prior_input", violations);
        violations.ThrowIfAny();
        return new Member(target, rows, priors);
    }

    private static ScoringRow[] Rows(ClassifyQuery query, Target target, InferenceContent? input, string field, Violations violations)
    {
        var start = ScoringRows.Start(target, input, field, query.Target.ApplyTemplate, violations);
        return
        [
            .. query.Labels.Select((label, i) => ScoringRows.Row(target, start, label.Content, $"labels[{i}].content", [], violations)),
        ];
    }

    private static void Check(ClassifyQuery query)
    {
        var violations = new Violations();
        violations.Require(query.Labels.Count is >= 2 and <= MostLabels, "labels", $"must be 2 to {MostLabels}");
        violations.Require(
            query.Labels.Select(label => label.Name).Distinct().Count() == query.Labels.Count, "labels", "must have names of their own");
        violations.Require(query.Prompts.Count <= MostPrompts, "prompts", $"must be at most {MostPrompts}");
        var rows = (long)query.Labels.Count * Math.Max(1, query.Prompts.Count) * (query.PriorInput is null ? 1 : 2);
        violations.Require(rows <= MostRows, "labels", $"make {rows} rows with these prompts; there may be {MostRows}");
        violations.Require(query.Input is { IsEmpty: false } || query.Prompts.Count > 0, "input", "must be given where there is no prompt");
        violations.Require(query.PriorInput is not { IsEmpty: true }, "prior_input", "must have at least one token");
        foreach (var (i, prompt) in query.Prompts.Index())
            violations.Require(PromptReference.TryParse(prompt) is not null, $"prompts[{i}]", PromptReference.Rule);
        violations.ThrowIfAny();
    }

    private sealed record Member(Target Target, ScoringRow[] Rows, ScoringRow[] Priors);
}
