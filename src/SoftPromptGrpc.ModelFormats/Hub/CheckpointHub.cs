using Microsoft.Extensions.Logging;
using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.ModelFormats.Hub;

/// <summary>
/// Checkpoints of the Hugging Face hub, from the cache that the huggingface_hub package shares with us, downloaded where they are
/// not there yet.
/// </summary>
/// <param name="http">Does not follow redirects and does not decompress.</param>
public sealed class CheckpointHub(HttpClient http, HubSettings settings, TimeProvider time, ILogger<CheckpointHub> logger)
{
    /// <summary>A checkpoint's directory, complete.</summary>
    /// <exception cref="SoftPromptException">
    /// Not there, gated, pickled or damaged; the hub is unreachable and the cache has no complete checkpoint; the disk is full.
    /// </exception>
    public async Task<string> GetAsync(HubReference reference, CancellationToken cancellationToken)
    {
        var layout = new CacheLayout(settings.CacheDirectory, reference);
        var cache = new HubCache(layout, time);
        if (settings.Offline)
            return Cached(reference, layout, cache) ?? throw Offline(reference);
        var client = new HubClient(http, settings);
        try
        {
            var revision = await client.ListAsync(reference, cancellationToken);
            logger.Resolved(reference.Repository, reference.Revision, revision.Commit);
            await FetchAsync(client, reference, revision, layout, cache, cancellationToken);
            cache.Remember(reference.Revision, revision.Commit);
            return layout.Snapshot(revision.Commit);
        }
        catch (SoftPromptException e) when (e.Reason == HubErrors.UnreachableReason && Cached(reference, layout, cache) is { } snapshot)
        {
            logger.UsingCache(reference.Repository, Path.GetFileName(snapshot));
            return snapshot;
        }
    }

    private async Task FetchAsync(
        HubClient client, HubReference reference, RemoteRevision revision, CacheLayout layout, HubCache cache,
        CancellationToken cancellationToken)
    {
        var download = new BlobDownload(client, settings, layout, time, logger);
        foreach (var file in CheckpointFiles.Needed(revision.Files, reference.Repository))
            await FetchAsync(file);
        foreach (var shard in CheckpointFiles.Shards(layout.Snapshot(revision.Commit)))
            await FetchAsync(shard);

        async Task FetchAsync(string name)
        {
            if (cache.Has(revision.Commit, name))
                return;
            var file = await client.DescribeAsync(reference, revision.Commit, name, cancellationToken);
            using (await cache.LockAsync(file.Hash, cancellationToken))
            {
                if (!cache.HasBlob(file))
                    await DownloadAsync(download, reference, revision.Commit, file, layout, cancellationToken);
                cache.Link(revision.Commit, file);
            }
        }
    }

    /// <summary>Does not begin what cannot end for want of room.</summary>
    private static async Task DownloadAsync(
        BlobDownload download, HubReference reference, string commit, RemoteFile file, CacheLayout layout,
        CancellationToken cancellationToken)
    {
        var part = new FileInfo(layout.Part(file.Hash));
        var missing = file.Length - (part.Exists ? Math.Min(part.Length, file.Length) : 0);
        if (new DriveInfo(layout.Blobs).AvailableFreeSpace < missing)
            throw HubErrors.DiskFull(reference, file.Name);
        await download.RunAsync(reference, commit, file, cancellationToken);
    }

    private static string? Cached(HubReference reference, CacheLayout layout, HubCache cache) =>
        cache.CommitOf(reference.Revision) is { } commit && CheckpointFiles.IsComplete(layout.Snapshot(commit))
            ? layout.Snapshot(commit)
            : null;

    private static SoftPromptException Offline(HubReference reference) => new(
        ErrorKind.NotFound, $"'{reference}' is not complete in the hub's cache, and HF_HUB_OFFLINE forbids to download it.");
}
