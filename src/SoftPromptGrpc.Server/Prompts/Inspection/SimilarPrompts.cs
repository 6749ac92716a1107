using System.Runtime.InteropServices;
using Microsoft.EntityFrameworkCore;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Server.Storage;

namespace SoftPromptGrpc.Server.Prompts.Inspection;

/// <summary>
/// Finds prompts that a training may begin with: the cosine of averaged virtual tokens tells how alike their tasks are (Vu et al.
/// 2022, "SPoT: Better Frozen Model Adaptation through Soft Prompt Transfer"). Reads the numbers of every candidate.
/// </summary>
internal sealed class SimilarPrompts(PromptStore prompts, IDbContextFactory<StoreContext> contexts)
{
    private const int MostFound = 100;

    /// <returns>The newest versions of prompts of the same model and kind, the most similar first.</returns>
    public async Task<IReadOnlyList<Similarity>> FindAsync(string reference, int count, CancellationToken cancellationToken)
    {
        var violations = new Violations();
        violations.Require(PromptReference.TryParse(reference) is not null, "prompt", PromptReference.Rule);
        violations.Require(count is >= 1 and <= MostFound, "count", $"must be 1 to {MostFound}");
        violations.ThrowIfAny();
        var record = await prompts.FindAsync(PromptReference.Parse(reference), cancellationToken);
        var average = PromptRows.Of(await prompts.LoadAsync(record, cancellationToken)).Average();
        var found = new PriorityQueue<Similarity, double>(count + 1);
        await using var store = await contexts.CreateDbContextAsync(cancellationToken);
        await foreach (var other in Others(store, record).WithCancellation(cancellationToken))
        {
            var rows = PromptRows.Of(ServedPrompt.Of(
                PromptWriter.ShapeOf(other.Shape), MemoryMarshal.Cast<byte, float>(other.Values).ToArray(), record.ModelFingerprint));
            if (rows.Width != average.Length)
                continue;
            var cosine = Vectors.Cosine(average, rows.Average());
            found.Enqueue(new Similarity(PromptReference.Of(other.Name, other.Version), cosine), cosine);
            if (found.Count > count)
                found.Dequeue();
        }
        return [.. found.UnorderedItems.Select(item => item.Element).OrderByDescending(item => item.Cosine).ThenBy(item => $"{item.Prompt}")];
    }

    private static IAsyncEnumerable<Candidate> Others(StoreContext store, PromptRecord record) => store.Prompts
        .Where(p => p.Standing == PromptStanding.Newest && p.ModelFingerprint == record.ModelFingerprint && p.Width == record.Width)
        .Where(p => p.Name != record.Name || p.Version != record.Version)
        .Join(store.Tensors, p => p.ContentHash, t => t.ContentHash, (p, t) => new Candidate(p.Name, p.Version, p.Shape, t.Values))
        .AsAsyncEnumerable();

    private sealed record Candidate(string Name, int Version, string Shape, byte[] Values);
}
