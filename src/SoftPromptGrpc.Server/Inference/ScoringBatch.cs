using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Server.Batching;

namespace SoftPromptGrpc.Server.Inference;

/// <param name="Continuation">At least one token.</param>
internal sealed record ScoringRow(SequenceStart Start, int[] Continuation);

/// <summary>Scores rows of one model through the batch.</summary>
internal sealed class ScoringBatch(BatchSchedulers schedulers, TimeProvider time)
{
    /// <summary>Enough to fill a batch, and no more of the queue.</summary>
    private const int RowsUnderWay = 64;

    /// <returns>One for each row, in their order.</returns>
    public async Task<ScoredTokens[]> RunAsync(
        BaseModel model, string backend, IReadOnlyList<ScoringRow> rows, CancellationToken cancellationToken)
    {
        var scored = new ScoredTokens[rows.Count];
        var scheduler = await schedulers.GetAsync(model, backend, cancellationToken);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = RowsUnderWay, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, rows.Count, parallel, async (i, cancellation) =>
        {
            var work = new ScoringWork(rows[i].Start, rows[i].Continuation, time, cancellation);
            scheduler.Submit(work);
            scored[i] = await work.Result.WaitAsync(cancellation);
        });
        return scored;
    }

    /// <param name="rows">At least one.</param>
    public static Usage UsageOf(Target target, int inputTokens, IReadOnlyCollection<ScoredTokens> rows)
    {
        var times = new WorkTimes(rows.Max(row => row.Times.Queue), rows.Max(row => row.Times.Prefill), TimeSpan.Zero);
        return new Usage(target, inputTokens, rows.Sum(row => row.Tokens.Count), times, Seed: null);
    }
}
