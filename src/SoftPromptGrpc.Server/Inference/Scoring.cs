using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Server.Batching;

namespace SoftPromptGrpc.Server.Inference;

internal sealed record ScoreResult(IReadOnlyList<ScoredTokens> Continuations, Usage Usage);

/// <summary>Scores continuations of an input through the batch.</summary>
internal sealed class Scoring(TargetResolver targets, BatchSchedulers schedulers, TimeProvider time)
{
    private const int MostContinuations = 1024;
    private const int ContinuationsUnderWay = 64;

    public async Task<ScoreResult> ScoreAsync(ScoreQuery query, CancellationToken cancellationToken)
    {
        var violations = new Violations();
        violations.Require(
            query.Input is { IsEmpty: false } || query.Target.Prompt.Length > 0, "input", "must be given where there is no prompt");
        violations.Require(
            query.Continuations.Count is >= 1 and <= MostContinuations, "continuations", $"must be 1 to {MostContinuations}");
        var target = await targets.ResolveAsync(query.Target, violations, cancellationToken);
        var template = query.Target.ApplyTemplate ? target.Template : TextTemplate.None;
        var input = ContentEncoder.Encode(query.Input, "input", target.Model, template, addSpecialTokens: true, violations);
        target.RequireInput(input, violations);
        // Every continuation stands behind the whole input.
        var shared = query.Continuations.Count > 1 ? input.Length : ContentEncoder.CountShared(input, query.Input, target.Model, template);
        var start = SequenceStart.Of(target.Model.Spec, target.Prompt, input, shared);
        var continuations = Encode(query, target, start.RoomIn(target.Model.Spec), violations);
        violations.ThrowIfAny();

        var scored = new ScoredTokens[continuations.Count];
        var scheduler = await schedulers.GetAsync(target.Model, query.Target.Backend, cancellationToken);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = ContinuationsUnderWay, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, scored.Length, parallel, async (i, cancellation) =>
        {
            var work = new ScoringWork(start, continuations[i], time, cancellation);
            scheduler.Submit(work);
            scored[i] = await work.Result.WaitAsync(cancellation);
        });
        return new ScoreResult(scored, UsageOf(target, input, scored));
    }

    private static List<int[]> Encode(ScoreQuery query, Target target, int room, Violations violations)
    {
        int[] end = query.AppendEndOfSequence ? [.. target.Model.Generation.EndOfSequence.Take(1)] : [];
        violations.Require(
            !query.AppendEndOfSequence || end.Length > 0,
            "append_end_of_sequence",
            $"model '{target.Model.Id}' has no end-of-sequence token");
        var encoded = new List<int[]>();
        for (var i = 0; i < query.Continuations.Count; i++)
        {
            var (content, field) = (query.Continuations[i], $"continuations[{i}]");
            if (!violations.Require(content is { IsEmpty: false }, field, "must have at least one token"))
                continue;
            int[] ids =
            [
                .. target.Model.OutputBeginning is { } first && content is TextContent ? [first] : Array.Empty<int>(),
                .. ContentEncoder.Encode(content, field, target.Model, TextTemplate.None, addSpecialTokens: false, violations),
                .. end,
            ];
            violations.Require(ids.Length <= room, field, $"has {ids.Length} tokens, but the context has room for {Math.Max(room, 0)}");
            encoded.Add(ids);
        }
        return encoded;
    }

    private static Usage UsageOf(Target target, int[] input, ScoredTokens[] scored)
    {
        var times = new WorkTimes(scored.Max(s => s.Times.Queue), scored.Max(s => s.Times.Prefill), TimeSpan.Zero);
        return new Usage(target, input.Length, scored.Sum(s => s.Tokens.Count), times, Seed: null);
    }
}
