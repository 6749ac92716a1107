namespace SoftPromptGrpc.Fixtures;

/// <summary>The golden files beside the repository, held against those that tests read. Skips the test where there are none.</summary>
public static class GoldenListing
{
    /// <param name="read">Files, or folders of which every file is read, by their paths inside shared/goldens.</param>
    /// <param name="isConcerned">By the name of the folder in shared/goldens; empty for the files beside the folders.</param>
    /// <returns>Files that nothing reads, and of <paramref name="read"/> what does not exist.</returns>
    public static (string[] Unread, string[] Missing) Compare(IEnumerable<string> read, Func<string, bool> isConcerned)
    {
        var root = Goldens.SharedDirectory("goldens");
        var known = read.ToHashSet(StringComparer.Ordinal);
        string[] files =
        [
            .. Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories)
                .Select(file => Path.GetRelativePath(root, file).Replace('\\', '/'))
                .Where(file => isConcerned(file.Contains('/') ? file[..file.IndexOf('/')] : "")),
        ];
        var used = files.ToLookup(file => known.Contains(file) ? file : FolderOf(file));
        return (
            [.. used.Where(place => !known.Contains(place.Key)).SelectMany(place => place).Order(StringComparer.Ordinal)],
            [.. known.Where(place => !used.Contains(place)).Order(StringComparer.Ordinal)]);
    }

    private static string FolderOf(string file) => file.Contains('/') ? file[..file.LastIndexOf('/')] : "";
}
