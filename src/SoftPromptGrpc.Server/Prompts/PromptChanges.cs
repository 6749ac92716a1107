using Microsoft.EntityFrameworkCore;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Server.Storage;

namespace SoftPromptGrpc.Server.Prompts;

/// <summary>Changes what is said of prompts. A change becomes visible as a whole; the numbers never change.</summary>
internal sealed class PromptChanges(IDbContextFactory<StoreContext> contexts)
{
    /// <returns>The prompt as it is then.</returns>
    /// <exception cref="SoftPromptException">
    /// <see cref="ErrorKind.NotFound"/>; <see cref="ErrorKind.Conflict"/>: it has another ETag, or is being changed.
    /// </exception>
    public async Task<PromptRecord> UpdateAsync(PromptUpdate update, CancellationToken cancellationToken)
    {
        await using var store = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await store.Database.BeginTransactionAsync(cancellationToken);
        await store.LockAsync(PromptWriter.LockOf(store.Tenant, update.Prompt.Name), cancellationToken);
        var prompt = await PromptStore.Matching(store.Prompts, update.Prompt)
            .Where(p => update.Undelete || p.DeleteTime == null)
            .Include(p => p.Labels)
            .OrderByDescending(p => p.Version)
            .FirstOrDefaultAsync(cancellationToken) ?? throw PromptStore.NotFound(update.Prompt);
        PromptStore.RequireETag(update.Prompt, prompt, update.ETag);
        Apply(update, prompt);
        if (update.Aliases is { } aliases)
            await MoveAsync(store, prompt, aliases, cancellationToken);
        try
        {
            await store.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateConcurrencyException exception)
        {
            throw new SoftPromptException(ErrorKind.Conflict, $"'{update.Prompt}' is being changed by somebody else.", exception);
        }
        if (update.Undelete)
            await store.SettleStandingsAsync(prompt.Name, cancellationToken);
        await store.Entry(prompt).Collection(p => p.Aliases).LoadAsync(cancellationToken);
        var record = prompt.ToRecord();
        await transaction.CommitAsync(cancellationToken);
        return record;
    }

    private static void Apply(PromptUpdate update, StoredPrompt prompt)
    {
        prompt.Revision++;
        prompt.Description = update.Description ?? prompt.Description;
        if (update.Undelete)
            prompt.DeleteTime = null;
        if (update.Labels is not { } labels)
            return;
        prompt.Labels.RemoveAll(label => !labels.ContainsKey(label.Key));
        foreach (var (key, value) in labels)
        {
            if (prompt.Labels.Find(label => label.Key == key) is { } label)
                label.Value = value;
            else
                prompt.Labels.Add(new StoredLabel { Key = key, Value = value });
        }
    }

    /// <summary>The versions that lose an alias change too.</summary>
    private static async Task MoveAsync(
        StoreContext store, StoredPrompt prompt, IReadOnlyList<string> aliases, CancellationToken cancellationToken)
    {
        var known = await store.Aliases
            .Where(a => a.Name == prompt.Name && (a.PromptId == prompt.Id || aliases.Contains(a.Alias)))
            .ToListAsync(cancellationToken);
        long[] losers = [.. known.Select(a => a.PromptId).Where(id => id != prompt.Id).Distinct()];
        foreach (var loser in await store.Prompts.Where(p => losers.Contains(p.Id)).ToListAsync(cancellationToken))
            loser.Revision++;
        foreach (var alias in known)
        {
            if (aliases.Contains(alias.Alias))
                alias.PromptId = prompt.Id;
            else
                store.Aliases.Remove(alias);
        }
        store.Aliases.AddRange(aliases
            .Except(known.Select(a => a.Alias))
            .Select(alias => new StoredAlias { Name = prompt.Name, Alias = alias, PromptId = prompt.Id }));
    }
}
