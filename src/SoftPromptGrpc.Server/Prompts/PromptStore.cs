using System.Runtime.InteropServices;
using Microsoft.EntityFrameworkCore;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Server.Limits;
using SoftPromptGrpc.Server.Storage;

namespace SoftPromptGrpc.Server.Prompts;

internal sealed class PromptStore(
    IDbContextFactory<StoreContext> contexts, TensorCache cache, TenantQuotas quotas, TimeProvider time) : IPromptStore
{
    public async Task<PromptRecord> FindAsync(PromptReference reference, CancellationToken cancellationToken)
    {
        await using var store = await contexts.CreateDbContextAsync(cancellationToken);
        var prompt = await Matching(Alive(store), reference)
            .Include(p => p.Labels)
            .Include(p => p.Aliases)
            .OrderByDescending(p => p.Version)
            .AsSingleQuery()
            .FirstOrDefaultAsync(cancellationToken);
        return prompt?.ToRecord() ?? throw NotFound(reference);
    }

    public async Task<ServedPrompt> LoadAsync(PromptRecord record, CancellationToken cancellationToken)
    {
        await using var store = await contexts.CreateDbContextAsync(cancellationToken);
        if (cache.Find(store.Tenant, record.ContentHash) is { } cached)
            return cached;
        var tensor = await store.Tensors.AsNoTracking().FirstOrDefaultAsync(t => t.ContentHash == record.ContentHash, cancellationToken);
        var values = MemoryMarshal.Cast<byte, float>((tensor ?? throw NotFound(record.Reference)).Values).ToArray();
        var prompt = ServedPrompt.Of(record.Shape, values, record.ModelFingerprint, store.Tenant);
        if (prompt.ContentHash != record.ContentHash)
            throw new SoftPromptException(ErrorKind.Corrupt, $"The stored numbers of '{record.Reference}' are damaged.");
        cache.Add(prompt);
        return prompt;
    }

    public async Task<TrainablePrompt?> LoadTrainableAsync(PromptRecord record, CancellationToken cancellationToken)
    {
        await using var store = await contexts.CreateDbContextAsync(cancellationToken);
        var content = await store.Prompts
            .Where(p => p.Name == record.Name && p.Version == record.Version)
            .Join(store.Trainables, p => p.Id, t => t.PromptId, (_, t) => t.Content)
            .FirstOrDefaultAsync(cancellationToken);
        return content is null ? null : TrainableFormat.Read(content);
    }

    public async Task<PromptRecord> AddAsync(NewPrompt prompt, CancellationToken cancellationToken)
    {
        await using var store = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await store.Database.BeginTransactionAsync(cancellationToken);
        quotas.RequirePrompt(await Alive(store).CountAsync(cancellationToken));
        var stored = await store.AddPromptAsync(prompt, time.GetUtcNow(), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return stored.ToRecord();
    }

    public async Task<PromptPage> ListAsync(PromptQuery query, CancellationToken cancellationToken)
    {
        await using var store = await contexts.CreateDbContextAsync(cancellationToken);
        var listed = Listed(store, query);
        var filter = await query.Filter.RarestLabelFirstAsync(store.Labels, cancellationToken);
        var page = await query.Order.Apply(query.Order.After(filter.Apply(listed, store.Labels), query.After))
            .Take(query.PageSize + 1)
            .ToListAsync(cancellationToken);
        await FillAsync(store, page, cancellationToken);
        var more = page.Count > query.PageSize;
        return new PromptPage(
            [.. page.Take(query.PageSize).Select(p => p.ToRecord())],
            more ? query.Order.EndOf(page[query.PageSize - 1]).Encode(query.Key) : "",
            await filter.ApplyToCount(listed, store.Labels).CountAsync(cancellationToken));
    }

    /// <summary>Reads what belongs to a page. Included in its query, it would be sought for as long as the page itself.</summary>
    private static async Task FillAsync(StoreContext store, List<StoredPrompt> page, CancellationToken cancellationToken)
    {
        long[] ids = [.. page.Select(p => p.Id)];
        var labels = (await store.Labels.AsNoTracking().Where(l => ids.Contains(l.PromptId)).ToListAsync(cancellationToken)).ToLookup(l => l.PromptId);
        var aliases = (await store.Aliases.AsNoTracking().Where(a => ids.Contains(a.PromptId)).ToListAsync(cancellationToken)).ToLookup(a => a.PromptId);
        foreach (var prompt in page)
        {
            prompt.Labels = [.. labels[prompt.Id]];
            prompt.Aliases = [.. aliases[prompt.Id]];
        }
    }

    /// <summary>Deletes one version, or every version of a name.</summary>
    /// <param name="etag">The version's, or the newest version's; empty: whatever it is.</param>
    /// <returns>How many versions were deleted.</returns>
    public async Task<int> DeleteAsync(PromptReference reference, string etag, CancellationToken cancellationToken)
    {
        if (reference.Alias is not null)
            throw new SoftPromptException([new FieldViolation("prompt", "must be \"name\" or \"name@version\": an alias cannot be deleted")]);
        await using var store = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await store.Database.BeginTransactionAsync(cancellationToken);
        await store.LockAsync(PromptWriter.LockOf(store.Tenant, reference.Name), cancellationToken);
        var prompts = await Matching(store.Prompts.Where(p => p.DeleteTime == null), reference)
            .OrderByDescending(p => p.Version)
            .ToListAsync(cancellationToken);
        if (prompts.Count == 0)
            throw NotFound(reference);
        RequireETag(reference, prompts[0], etag);
        foreach (var prompt in prompts)
        {
            prompt.DeleteTime = time.GetUtcNow();
            prompt.Revision++;
        }
        await store.SaveChangesAsync(cancellationToken);
        await store.SettleStandingsAsync(reference.Name, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return prompts.Count;
    }

    private static IQueryable<StoredPrompt> Listed(StoreContext store, PromptQuery query) => (query.AllVersions, query.ShowDeleted) switch
    {
        (false, false) => store.Prompts.AsNoTracking().Where(p => p.Standing == PromptStanding.Newest),
        (false, true) => store.Prompts.AsNoTracking().Where(p => !store.Prompts.Any(o => o.Name == p.Name && o.Version > p.Version)),
        (true, false) => Alive(store),
        (true, true) => store.Prompts.AsNoTracking(),
    };

    private static IQueryable<StoredPrompt> Alive(StoreContext store) => store.Prompts.AsNoTracking().Where(p => p.DeleteTime == null);

    internal static IQueryable<StoredPrompt> Matching(IQueryable<StoredPrompt> prompts, PromptReference reference)
    {
        var named = prompts.Where(p => p.Name == reference.Name);
        if (reference.Version is { } version)
            return named.Where(p => p.Version == version);
        return reference.Alias is { } alias ? named.Where(p => p.Aliases.Any(a => a.Alias == alias)) : named;
    }

    /// <param name="etag">Empty: any.</param>
    /// <exception cref="SoftPromptException"><see cref="ErrorKind.Conflict"/>.</exception>
    internal static void RequireETag(PromptReference reference, StoredPrompt prompt, string etag)
    {
        if (etag.Length > 0 && prompt.ETag() != etag)
            throw new SoftPromptException(ErrorKind.Conflict, $"'{reference}' was changed meanwhile: its etag is not '{etag}' any more.");
    }

    internal static SoftPromptException NotFound(PromptReference reference) =>
        new(ErrorKind.NotFound, $"There is no prompt '{reference}'.") { Reason = "PROMPT_NOT_FOUND" };
}
