using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Google.Protobuf;
using Microsoft.EntityFrameworkCore;
using SoftPromptGrpc.Contracts.V1;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Server.Paging;
using SoftPromptGrpc.Server.Storage;

namespace SoftPromptGrpc.Server.Datasets;

/// <param name="NextPageToken">Empty on the last page.</param>
internal sealed record DatasetPage(IReadOnlyList<StoredDataset> Datasets, string NextPageToken);

/// <summary>Datasets and the beginnings of such. A chunk that was acknowledged is durable.</summary>
internal sealed class DatasetStore(IDbContextFactory<StoreContext> contexts, TimeProvider time)
{
    public const string IdPrefix = "sha256:";

    /// <summary>Bytes that a tenant has stored, unfinished uploads included.</summary>
    public async Task<long> StoredBytesAsync(CancellationToken cancellationToken)
    {
        await using var store = await contexts.CreateDbContextAsync(cancellationToken);
        return await store.Datasets.SumAsync(d => d.Size, cancellationToken);
    }

    /// <exception cref="SoftPromptException"><see cref="ErrorKind.NotFound"/>.</exception>
    public async Task<StoredDataset> FindAsync(string id, CancellationToken cancellationToken)
    {
        await using var store = await contexts.CreateDbContextAsync(cancellationToken);
        return await FindAsync(store, id, cancellationToken);
    }

    public async Task<DatasetPage> ListAsync(int pageSize, PageToken? after, CancellationToken cancellationToken)
    {
        await using var store = await contexts.CreateDbContextAsync(cancellationToken);
        var matching = store.Datasets.AsNoTracking().Where(d => d.Report != null);
        if (after is not null)
            matching = matching.Where(d => d.Number < after.Id);
        var page = await matching.OrderByDescending(d => d.Number).Take(pageSize + 1).ToListAsync(cancellationToken);
        return new DatasetPage(
            [.. page.Take(pageSize)], page.Count > pageSize ? new PageToken("", page[pageSize - 1].Number).Encode("") : "");
    }

    /// <exception cref="SoftPromptException">
    /// <see cref="ErrorKind.NotFound"/>; <see cref="ErrorKind.Precondition"/>: an unfinished job uses it.
    /// </exception>
    public async Task DeleteAsync(string id, CancellationToken cancellationToken)
    {
        await using var store = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await store.Database.BeginTransactionAsync(cancellationToken);
        var dataset = await FindAsync(store, id, cancellationToken);
        var specs = await store.Jobs
            .Where(j => j.State == JobState.Queued || j.State == JobState.Running)
            .Select(j => new { j.Id, j.Spec })
            .ToListAsync(cancellationToken);
        if (specs.FirstOrDefault(j => Uses(TrainingSpec.Parser.ParseFrom(j.Spec), id)) is { } user)
            throw new SoftPromptException(ErrorKind.Precondition, $"Job '{user.Id}' uses dataset '{id}' and has not ended.") { Reason = "DATASET_IN_USE" };
        await store.Datasets.Where(d => d.Number == dataset.Number).ExecuteDeleteAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>What is stored of this content; null: nothing.</summary>
    public async Task<StoredDataset?> FindContentAsync(string sha256, CancellationToken cancellationToken)
    {
        await using var store = await contexts.CreateDbContextAsync(cancellationToken);
        return await store.Datasets.AsNoTracking().SingleOrDefaultAsync(d => d.Sha256 == sha256, cancellationToken);
    }

    /// <summary>Also forgets uploads of the tenant that were not continued in time.</summary>
    public async Task<StoredDataset> BeginAsync(DatasetDescription description, TimeSpan resumeWindow, CancellationToken cancellationToken)
    {
        var oldest = time.GetUtcNow() - resumeWindow;
        await using var store = await contexts.CreateDbContextAsync(cancellationToken);
        await store.Datasets.Where(d => d.Report == null && d.ChangeTime < oldest).ExecuteDeleteAsync(cancellationToken);
        var dataset = new StoredDataset
        {
            Sha256 = description.Sha256.Length > 0 ? description.Sha256 : $"unknown-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16))}",
            DisplayName = description.DisplayName,
            Format = description.Format,
            InputField = description.InputField,
            TargetField = description.TargetField,
            ChangeTime = time.GetUtcNow(),
        };
        store.Datasets.Add(dataset);
        await SaveAsync(store, cancellationToken);
        return dataset;
    }

    /// <exception cref="SoftPromptException"><see cref="ErrorKind.Conflict"/>: another upload of the same content was faster.</exception>
    public async Task AppendAsync(StoredDataset dataset, byte[] content, CancellationToken cancellationToken)
    {
        await using var store = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await store.Database.BeginTransactionAsync(cancellationToken);
        var (size, now) = (dataset.Size, time.GetUtcNow());
        var appended = await store.Datasets
            .Where(d => d.Number == dataset.Number && d.Size == size && d.Report == null)
            .ExecuteUpdateAsync(
                set => set.SetProperty(d => d.Size, size + content.Length).SetProperty(d => d.ChangeTime, now), cancellationToken);
        if (appended == 0)
            throw Conflict();
        store.Chunks.Add(new StoredChunk { DatasetNumber = dataset.Number, Offset = size, Content = content });
        await SaveAsync(store, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        dataset.Size += content.Length;
    }

    /// <summary>From now on it can be used.</summary>
    public async Task CompleteAsync(StoredDataset dataset, string sha256, DatasetReport report, CancellationToken cancellationToken)
    {
        (dataset.Sha256, dataset.Report, dataset.ChangeTime) = (sha256, report.ToByteArray(), time.GetUtcNow());
        await using var store = await contexts.CreateDbContextAsync(cancellationToken);
        store.Datasets.Update(dataset);
        await SaveAsync(store, cancellationToken);
    }

    public async Task DropAsync(StoredDataset dataset)
    {
        await using var store = await contexts.CreateDbContextAsync();
        await store.Datasets.Where(d => d.Number == dataset.Number && d.Report == null).ExecuteDeleteAsync();
    }

    /// <summary>The content in its order, a chunk at a time.</summary>
    public async IAsyncEnumerable<byte[]> ReadAsync(StoredDataset dataset, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var store = await contexts.CreateDbContextAsync(cancellationToken);
        for (var offset = 0L; offset < dataset.Size;)
        {
            var at = offset;
            var chunk = await store.Chunks.AsNoTracking()
                .Where(c => c.DatasetNumber == dataset.Number && c.Offset == at)
                .Select(c => c.Content)
                .SingleOrDefaultAsync(cancellationToken) ?? throw Conflict();
            offset += chunk.Length;
            yield return chunk;
        }
    }

    private static bool Uses(TrainingSpec spec, string id) => spec.Dataset == id || spec.Evaluation?.Dataset == id;

    private static async Task<StoredDataset> FindAsync(StoreContext store, string id, CancellationToken cancellationToken)
    {
        var hash = id.StartsWith(IdPrefix, StringComparison.Ordinal) ? id[IdPrefix.Length..] : "";
        return await store.Datasets.AsNoTracking().SingleOrDefaultAsync(d => d.Sha256 == hash && d.Report != null, cancellationToken)
            ?? throw new SoftPromptException(ErrorKind.NotFound, $"There is no dataset '{id}'.") { Reason = "DATASET_NOT_FOUND" };
    }

    private static async Task SaveAsync(StoreContext store, CancellationToken cancellationToken)
    {
        try
        {
            await store.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException error) when (error.IsConstraint())
        {
            throw Conflict();
        }
    }

    private static SoftPromptException Conflict() =>
        new(ErrorKind.Conflict, "The same content is being uploaded or deleted by somebody else.") { Reason = "DATASET_CHANGED" };
}
