using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using SoftPromptGrpc.Server.Storage;

namespace SoftPromptGrpc.Server.Prompts;

/// <summary>Removes deleted prompts for good once nobody may undelete them any more. Their versions are still not used again.</summary>
internal sealed class PromptPurge(
    IDbContextFactory<WholeStore> contexts, IOptions<PromptOptions> options, TimeProvider time, ILogger<PromptPurge> logger) : BackgroundService
{
    private const int MostAtOnce = 100;
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    /// <returns>How many versions were removed.</returns>
    public async Task<int> PurgeAsync(CancellationToken cancellationToken)
    {
        var (before, purged, count) = (time.GetUtcNow() - options.Value.UndeleteWindow, 0, MostAtOnce);
        while (count == MostAtOnce)
        {
            count = await PurgeSomeAsync(before, cancellationToken);
            purged += count;
        }
        return purged;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (await PurgeAsync(stoppingToken) is > 0 and var purged)
                    logger.PromptsPurged(purged);
            }
            catch (Exception exception) when (exception is DbException or DbUpdateException)
            {
                logger.PurgeFailed(exception);
            }
            await Task.Delay(Interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<int> PurgeSomeAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        await using var store = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await store.Database.BeginTransactionAsync(cancellationToken);
        var expired = await store.Prompts
            .Where(p => p.DeleteTime <= before)
            .OrderBy(p => p.DeleteTime)
            .Take(MostAtOnce)
            .Select(p => new { p.Id, p.ContentHash })
            .ToListAsync(cancellationToken);
        long[] ids = [.. expired.Select(p => p.Id)];
        string[] hashes = [.. expired.Select(p => p.ContentHash).Distinct().Order(StringComparer.Ordinal)];
        foreach (var hash in hashes)
            await store.LockAsync(PromptWriter.LockOf(hash), cancellationToken);
        await store.Prompts.Where(p => ids.Contains(p.Id) && p.DeleteTime <= before).ExecuteDeleteAsync(cancellationToken);
        await store.Tensors
            .Where(t => hashes.Contains(t.ContentHash) && !store.Prompts.Any(p => p.ContentHash == t.ContentHash))
            .ExecuteDeleteAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return expired.Count;
    }
}
