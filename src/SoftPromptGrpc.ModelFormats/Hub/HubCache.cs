using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.ModelFormats.Hub;

/// <summary>Reads and writes the cache's refs and snapshots, and locks its blobs. Safe for several processes, Python among them.</summary>
internal sealed class HubCache(CacheLayout layout, TimeProvider time)
{
    /// <summary>The commit that a revision stood for when it was last asked for; null: never.</summary>
    public string? CommitOf(string revision)
    {
        if (HubReference.IsCommit(revision))
            return revision;
        var commit = File.Exists(layout.Reference) ? File.ReadAllText(layout.Reference).Trim() : "";
        return HubReference.IsCommit(commit) ? commit : null;
    }

    public void Remember(string revision, string commit)
    {
        if (revision == commit)
            return;
        Directory.CreateDirectory(Path.GetDirectoryName(layout.Reference)!);
        var unfinished = $"{layout.Reference}.{Path.GetRandomFileName()}";
        File.WriteAllText(unfinished, commit);
        File.Move(unfinished, layout.Reference, overwrite: true);
    }

    public bool Has(string commit, string file) => File.Exists(Path.Combine(layout.Snapshot(commit), file));

    public bool HasBlob(RemoteFile file) => new FileInfo(layout.Blob(file.Hash)) is { Exists: true } blob && blob.Length == file.Length;

    /// <summary>Puts a blob into a snapshot: as a relative link, or as a copy where links are not to be had.</summary>
    public void Link(string commit, RemoteFile file)
    {
        var path = Path.Combine(layout.Snapshot(commit), file.Name);
        Directory.CreateDirectory(layout.Snapshot(commit));
        var unfinished = $"{path}.{Path.GetRandomFileName()}";
        try
        {
            File.CreateSymbolicLink(unfinished, CacheLayout.LinkTo(file.Hash));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or PlatformNotSupportedException)
        {
            File.Copy(layout.Blob(file.Hash), unfinished);
        }
        File.Move(unfinished, path, overwrite: true);
    }

    /// <summary>Waits until nobody else writes the blob.</summary>
    public Task<IDisposable> LockAsync(string hash, CancellationToken cancellationToken)
    {
        var path = layout.Lock(hash);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        Directory.CreateDirectory(layout.Blobs);
        return FileLock.AcquireAsync(path, time, cancellationToken);
    }
}
