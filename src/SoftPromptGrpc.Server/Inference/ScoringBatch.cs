using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Server.Batching;
using SoftPromptGrpc.Server.Limits;

namespace SoftPromptGrpc.Server.Inference;

/// <param name="Continuation">At least one token.</param>
internal sealed record ScoringRow(SequenceStart Start, int[] Continuation);

/// <summary>Scores rows of one model through the batch.</summary>
internal sealed class ScoringBatch(BatchSchedulers schedulers, TenantQuotas quotas, TimeProvider time)
{
    /// <summary>Enough to fill a batch, and no more of the queue.</summary>
    private const int InputsUnderWay = 64;

    /// <param name="rows">Those with one start share what is computed of it.</param>
    /// <returns>One for each row, in their order.</returns>
    public async Task<ScoredTokens[]> RunAsync(
        BaseModel model, string backend, IReadOnlyList<ScoringRow> rows, CancellationToken cancellationToken)
    {
        quotas.RequireTokens(rows.Select(row => row.Start).Distinct().Sum(start => (long)start.InputTokens) + rows.Sum(row => row.Continuation.Length));
        var scored = new ScoredTokens[rows.Count];
        var scheduler = await schedulers.GetAsync(model, backend, cancellationToken);
        var inputs = Enumerable.Range(0, rows.Count).GroupBy(i => rows[i].Start, ReferenceEqualityComparer.Instance);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = InputsUnderWay, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(inputs, parallel, async (input, cancellation) =>
        {
            int[] places = [.. input];
            var group = new ScoringGroup(rows[places[0]].Start, [.. places.Select(i => rows[i].Continuation)], time, cancellation)
            {
                Tenant = quotas.Tenant,
            };
            scheduler.Submit(new ScoringWork(group));
            var results = await group.Result.WaitAsync(cancellation);
            foreach (var (i, result) in places.Zip(results))
                scored[i] = result;
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
