using System.IO.Compression;

namespace SoftPromptGrpc.Cli.Prompts;

/// <summary>A PEFT adapter as a directory and as a zip. Both ways hold a few plain files of bounded size, and nothing else.</summary>
internal static class AdapterFiles
{
    private const int MaxFiles = 16;
    private const long MaxTotalBytes = 1L << 30;
    private const int BufferSize = 81920;
    private const string Config = "adapter_config.json";
    private const string Weights = "adapter_model.safetensors";

    /// <exception cref="UsageException">The directory holds no PEFT adapter that may be sent.</exception>
    public static async Task ZipAsync(DirectoryInfo directory, Stream destination, CancellationToken cancellationToken)
    {
        var files = directory.EnumerateFiles().Where(IsPart).Take(MaxFiles + 1).OrderBy(file => file.Name, StringComparer.Ordinal).ToList();
        RequireAdapter(directory, files);
        await using var zip = new ZipArchive(destination, ZipArchiveMode.Create, leaveOpen: true);
        foreach (var file in files)
        {
            await using var source = file.OpenRead();
            await using var entry = await zip.CreateEntry(file.Name, CompressionLevel.Fastest).OpenAsync(cancellationToken);
            await source.CopyToAsync(entry, cancellationToken);
        }
    }

    /// <summary>Extracts into a directory that exists, replacing files of the same names.</summary>
    /// <exception cref="UsageException">The zip holds something other than a few plain files.</exception>
    public static async Task UnzipAsync(Stream source, DirectoryInfo directory, CancellationToken cancellationToken)
    {
        await using var zip = new ZipArchive(source, ZipArchiveMode.Read, leaveOpen: true);
        if (zip.Entries.Count > MaxFiles)
            throw new UsageException($"The zip holds {zip.Entries.Count} files; an adapter has at most {MaxFiles}.");
        var left = MaxTotalBytes;
        foreach (var entry in zip.Entries)
        {
            if (!IsPlainName(entry.FullName))
                throw new UsageException($"The zip holds '{entry.FullName}', which is not a plain file name.");
            await using var content = await entry.OpenAsync(cancellationToken);
            await using var file = File.Create(Path.Combine(directory.FullName, entry.FullName));
            left = await CopyAsync(content, file, left, cancellationToken);
        }
    }

    public static bool IsPlainName(string name) =>
        name.Length is > 0 and <= 200 && name[0] != '.' && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');

    private static async Task<long> CopyAsync(Stream source, Stream destination, long left, CancellationToken cancellationToken)
    {
        var buffer = new byte[BufferSize];
        int count;
        while ((count = await source.ReadAsync(buffer, cancellationToken)) > 0)
        {
            left -= count;
            if (left < 0)
                throw new UsageException($"The zip unpacks to more than {MaxTotalBytes >> 20} MiB.");
            await destination.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
        }

        return left;
    }

    private static bool IsPart(FileInfo file) => file.Extension is ".json" or ".safetensors";

    private static void RequireAdapter(DirectoryInfo directory, List<FileInfo> files)
    {
        if (files.All(file => file.Name != Config))
            throw new UsageException($"{directory.Name} holds no {Config}.");
        if (files.All(file => file.Name != Weights))
            throw new UsageException($"{directory.Name} holds no {Weights}. Pickles (.bin, .pt) are refused: save it as safetensors.");
        if (files.Count > MaxFiles || files.Sum(file => file.Length) > MaxTotalBytes)
            throw new UsageException($"{directory.Name} holds more than {MaxFiles} files or {MaxTotalBytes >> 20} MiB.");
    }
}
