using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Server.Inference;

namespace SoftPromptGrpc.Server.Prompts.Inspection;

/// <summary>Looks into a prompt.</summary>
internal sealed class PromptInspection(TargetResolver targets, ExampleMeasure measure)
{
    private const double DuplicateCosine = 0.99;
    private const int MostNearest = 100;
    private const int MostCompared = 100;
    private const int MostRows = 16384;

    public async Task<InspectionResult> InspectAsync(InspectionQuery query, CancellationToken cancellationToken)
    {
        var violations = new Violations();
        violations.Require(query.Prompt.Length > 0, "prompt", PromptReference.Rule);
        violations.Require(query.Nearest is >= 0 and <= MostNearest, "nearest_count", $"must be 0 to {MostNearest}");
        violations.Require(query.CompareWith.Count <= MostCompared, "compare_with", $"must be at most {MostCompared}");
        var target = await targets.ResolveAsync(new TargetQuery(Prompt: query.Prompt), violations, cancellationToken);
        var examples = Rows(query, target, violations);
        violations.ThrowIfAny();

        var (prompt, rows) = (target.Prompt!, PromptRows.Of(target.Prompt!));
        var similarities = await CompareAsync(query, target, rows, cancellationToken);
        var (scan, duplicates) = await Task.Run(
            () => (
                prompt is SoftPrompt ? VocabularyScan.Of(target.Model, rows, Math.Max(1, query.Nearest), cancellationToken) : null,
                rows.NearDuplicates(DuplicateCosine, cancellationToken)),
            cancellationToken);
        var measured = examples.Length == 0 ? [] : await measure.RunAsync(target, examples, Variants(target, scan), cancellationToken);
        return new InspectionResult(
            target,
            [
                .. Enumerable.Range(0, rows.Count).Select(row => new InspectedToken(
                    Vectors.Norm(rows[row]),
                    [.. scan?.Nearest[row].Take(query.Nearest) ?? []],
                    duplicates[row],
                    measured.Count > 0 ? measured[row + 1].Loss - measured[0].Loss : null)),
            ],
            scan?.Norms,
            similarities,
            measured.Count > 0 ? measured[0] : null,
            scan is not null && measured.Count > 0 ? measured[^1] : null);
    }

    /// <summary>The prompt, then itself without each of its virtual tokens, then the nearest tokens where there are any.</summary>
    private static IEnumerable<ServedPrompt?> Variants(Target target, VocabularyScan? scan)
    {
        var prompt = target.Prompt!;
        var shorter = Enumerable.Range(0, prompt.VirtualTokens).Select(row => PromptRows.Without(prompt, row));
        return [prompt, .. shorter, .. scan is null ? Array.Empty<ServedPrompt>() : [Projected(target.Model, scan)]];
    }

    private static SoftPrompt Projected(BaseModel model, VocabularyScan scan)
    {
        var width = model.Spec.EmbeddingSize;
        var values = new float[scan.Nearest.Count * width];
        foreach (var (row, nearest) in scan.Nearest.Index())
            model.Weights.ReadToken(model.Spec, nearest[0].Id, values.AsSpan(row * width, width));
        return new SoftPrompt(scan.Nearest.Count, width, values, model.Fingerprint);
    }

    /// <summary>As training saw its examples: targets end as the prompt was trained to end them.</summary>
    private static ScoringRow[] Rows(InspectionQuery query, Target target, Violations violations)
    {
        if (target.Record is not { } record || query.Examples.Count == 0)
            return [];
        var rows = (long)query.Examples.Count * (record.VirtualTokens + 2);
        if (!violations.Require(rows <= MostRows, "examples", $"make {rows} rows with these virtual tokens; there may be {MostRows}"))
            return [];
        var ends = Lineages.Read(record.Lineage).Trained?.Spec?.AppendEndOfSequence ?? false;
        int[] end = ends ? [.. target.Model.Generation.EndOfSequence.Take(1)] : [];
        return
        [
            .. query.Examples.Select((example, i) =>
            {
                violations.Require(example.Input is { IsEmpty: false }, $"examples.inputs[{i}]", "must have at least one token");
                var start = ScoringRows.Start(target, example.Input, $"examples.inputs[{i}]", applyTemplate: true, violations);
                return ScoringRows.Row(target, start, example.Target, $"examples.targets[{i}]", end, violations);
            }),
        ];
    }

    private async Task<List<Similarity>> CompareAsync(
        InspectionQuery query, Target target, PromptRows rows, CancellationToken cancellationToken)
    {
        var average = rows.Average();
        var similarities = new List<Similarity>();
        foreach (var (i, reference) in query.CompareWith.Index())
        {
            var violations = new Violations();
            violations.Require(PromptReference.TryParse(reference) is not null, $"compare_with[{i}]", PromptReference.Rule);
            violations.ThrowIfAny();
            var other = await targets.ResolveAsync(new TargetQuery(target.Model.Id, reference), violations, cancellationToken);
            var otherAverage = PromptRows.Of(other.Prompt!).Average();
            violations.Require(
                otherAverage.Length == average.Length, $"compare_with[{i}]", "is of another kind: one has embeddings, the other keys and values");
            violations.ThrowIfAny();
            similarities.Add(new Similarity(other.Record!.Reference, Vectors.Cosine(average, otherAverage)));
        }
        return similarities;
    }
}
