using SoftPromptGrpc.Server.Batching;
using SoftPromptGrpc.Server.Telemetry;

namespace SoftPromptGrpc.Server.Inference;

internal sealed record ScoreResult(IReadOnlyList<ScoredTokens> Continuations, Usage Usage);

/// <summary>Scores continuations of an input through the batch.</summary>
internal sealed class Scoring(TargetResolver targets, ScoringBatch batch, InferenceTelemetry telemetry)
{
    private const int MostContinuations = 1024;

    public async Task<ScoreResult> ScoreAsync(ScoreQuery query, CancellationToken cancellationToken)
    {
        using var request = telemetry.Begin(InferenceTelemetry.Score, cancellationToken);
        var violations = new Violations();
        violations.Require(
            query.Input is { IsEmpty: false } || query.Target.Prompt.Length > 0, "input", "must be given where there is no prompt");
        violations.Require(
            query.Continuations.Count is >= 1 and <= MostContinuations, "continuations", $"must be 1 to {MostContinuations}");
        var target = await targets.ResolveAsync(query.Target, violations, cancellationToken);
        request.Resolved(target);
        var start = ScoringRows.Start(target, query.Input, "input", query.Target.ApplyTemplate, violations);
        int[] end = query.AppendEndOfSequence ? [.. target.Model.Generation.EndOfSequence.Take(1)] : [];
        violations.Require(
            !query.AppendEndOfSequence || end.Length > 0,
            "append_end_of_sequence",
            $"model '{target.Model.Id}' has no end-of-sequence token");
        ScoringRow[] rows =
            [.. query.Continuations.Select((content, i) => ScoringRows.Row(target, start, content, $"continuations[{i}]", end, violations))];
        violations.ThrowIfAny();
        var scored = await batch.RunAsync(target.Model, query.Target.Backend, rows, cancellationToken);
        var usage = ScoringBatch.UsageOf(target, start.InputTokens, scored);
        request.Completed(usage, finish: null);
        return new ScoreResult(scored, usage);
    }
}
