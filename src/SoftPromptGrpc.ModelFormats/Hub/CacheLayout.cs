namespace SoftPromptGrpc.ModelFormats.Hub;

/// <summary>
/// Where the huggingface_hub package keeps a repository: blobs by their hash, snapshots of links to them by commit, refs from
/// branches and tags to commits. Paths alone; nothing is read or written.
/// </summary>
/// <param name="cache">The whole cache's directory.</param>
internal sealed class CacheLayout(string cache, HubReference reference)
{
    private readonly string _folder = $"models--{reference.Owner}--{reference.Name}";

    public string Repository => Path.Combine(cache, _folder);

    public string Blobs => Path.Combine(Repository, "blobs");

    /// <summary>Holds the commit that a branch or tag stood for when it was last asked for.</summary>
    public string Reference => Path.Combine([Repository, "refs", .. reference.Revision.Split('/')]);

    /// <param name="hash">In hexadecimal.</param>
    public string Blob(string hash) => Path.Combine(Blobs, hash);

    /// <summary>What has arrived of a blob.</summary>
    public string Part(string hash) => Path.Combine(Blobs, $"{hash}.incomplete");

    /// <summary>Held by whoever writes a blob, in this program or in Python.</summary>
    public string Lock(string hash) => Path.Combine(cache, ".locks", _folder, $"{hash}.lock");

    public string Snapshot(string commit) => Path.Combine(Repository, "snapshots", commit);

    /// <summary>What a snapshot's link to a blob says: relative, so that the cache can be moved.</summary>
    public static string LinkTo(string hash) => Path.Combine("..", "..", "blobs", hash);
}
