namespace SoftPromptGrpc.ModelFormats.Hub;

/// <summary>What the hub says of a file before it is downloaded.</summary>
/// <param name="Name">Inside the repository.</param>
/// <param name="Hash">In lower-case hexadecimal: SHA-256 of the content where it is large, Git's SHA-1 of the blob otherwise.</param>
/// <param name="Length">In bytes.</param>
internal sealed record RemoteFile(string Name, string Hash, long Length);

/// <param name="Commit">40 hexadecimal digits.</param>
/// <param name="Files">All of the repository's files.</param>
internal sealed record RemoteRevision(string Commit, IReadOnlySet<string> Files);
