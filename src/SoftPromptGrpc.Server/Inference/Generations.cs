using System.Runtime.CompilerServices;
using System.Text;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Server.Batching;
using SoftPromptGrpc.Server.Telemetry;

namespace SoftPromptGrpc.Server.Inference;

/// <summary>A part of an answer with the tokenizer that spells its tokens.</summary>
internal abstract record GenerationPiece;

internal sealed record PartPiece(OutputPart Part, ITokenizer? Tokenizer) : GenerationPiece;

internal sealed record EndPiece(GenerationEnd End, Usage Usage) : GenerationPiece;

internal sealed record GenerationResult(string Text, IReadOnlyList<OutputToken> Tokens, GenerationEnd End, Usage Usage);

/// <summary>What became of one row: a result or what was thrown.</summary>
internal readonly record struct GenerationOutcome(GenerationResult? Result, Exception? Error);

/// <summary>Generates through the batch.</summary>
internal sealed class Generations(GenerationPlanner planner, BatchSchedulers schedulers, InferenceTelemetry telemetry, TimeProvider time)
{
    private const int MostRows = 1024;

    /// <summary>Rows of one batch call that are under way at a time: enough to fill a batch, and no more of the queue.</summary>
    private const int RowsUnderWay = 64;

    /// <summary>Parts as they come, then one end.</summary>
    public IAsyncEnumerable<GenerationPiece> StreamAsync(GenerationQuery query, CancellationToken cancellationToken) =>
        StreamAsync(query, isStreamed: true, cancellationToken);

    private async IAsyncEnumerable<GenerationPiece> StreamAsync(
        GenerationQuery query, bool isStreamed, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var request = telemetry.Begin(InferenceTelemetry.Generate, cancellationToken);
        var (target, checkedPlan) = await planner.PlanAsync(query, cancellationToken);
        request.Resolved(target);
        var scheduler = await schedulers.GetAsync(target.Model, query.Target.Backend, cancellationToken);
        var plan = checkedPlan with { IsStreamed = isStreamed, StreamInterval = scheduler.StreamInterval };
        var work = new GenerationWork(plan, time, cancellationToken);
        scheduler.Submit(work);
        var outputTokens = 0;
        await foreach (var happened in work.ReadAsync().WithCancellation(cancellationToken))
        {
            if (happened is OutputPart part)
            {
                outputTokens += part.Tokens.Count;
                yield return new PartPiece(part, target.Model.Tokenizer);
            }
            else if (happened is GenerationEnd end)
            {
                long? seed = plan.Sampling.IsGreedy ? null : plan.Sampling.Seed;
                var usage = new Usage(target, plan.Start.InputTokens, outputTokens, end.Times, seed);
                request.Completed(usage, end.Reason);
                yield return new EndPiece(end, usage);
            }
        }
    }

    public async Task<GenerationResult> RunAsync(GenerationQuery query, CancellationToken cancellationToken)
    {
        var (text, tokens, last) = (new StringBuilder(), new List<OutputToken>(), default(EndPiece));
        await foreach (var piece in StreamAsync(query, isStreamed: false, cancellationToken))
        {
            if (piece is PartPiece { Part: var part })
            {
                text.Append(part.Text);
                tokens.AddRange(part.Tokens);
            }
            else if (piece is EndPiece end)
            {
                last = end;
            }
        }
        return new GenerationResult(text.ToString(), tokens, last!.End, last.Usage);
    }

    /// <returns>An outcome for each query, in their order: one that fails, fails alone.</returns>
    /// <exception cref="Core.SoftPromptException"><see cref="Core.ErrorKind.Invalid"/>: there are none or too many.</exception>
    public async Task<GenerationOutcome[]> RunBatchAsync(IReadOnlyList<GenerationQuery> queries, CancellationToken cancellationToken)
    {
        var violations = new Violations();
        violations.Require(queries.Count is >= 1 and <= MostRows, "requests", $"must be 1 to {MostRows}");
        violations.ThrowIfAny();
        var outcomes = new GenerationOutcome[queries.Count];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = RowsUnderWay, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, queries.Count, parallel, async (i, rowCancellation) =>
        {
            try
            {
                outcomes[i] = new GenerationOutcome(await RunAsync(queries[i], rowCancellation), null);
            }
            catch (Exception exception) when (!rowCancellation.IsCancellationRequested)
            {
                outcomes[i] = new GenerationOutcome(null, exception);
            }
        });
        return outcomes;
    }
}
