using System.IO.Compression;
using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.ModelFormats.Adapters;

/// <summary>The few files of an adapter that are ever looked at, in memory, each of bounded size.</summary>
internal sealed class AdapterFiles
{
    public const string Config = "adapter_config.json";
    public const string Weights = "adapter_model.safetensors";
    public const string SideFile = "softprompt.json";

    private const int MaxEntries = 256;
    private const int MaxJsonBytes = 1 << 20;
    private const int MaxWeightBytes = 64 << 20;
    private static readonly string[] PickleExtensions = [".bin", ".pt", ".pth", ".pkl", ".ckpt"];

    private readonly Dictionary<string, byte[]> _files = new(StringComparer.Ordinal);

    private AdapterFiles()
    {
    }

    public byte[]? Find(string name) => _files.GetValueOrDefault(name);

    /// <summary>An adapter's own directory, as save_pretrained writes it.</summary>
    public static AdapterFiles FromDirectory(string directory)
    {
        var names = Directory.EnumerateFiles(directory).Select(path => Path.GetFileName(path)!).ToArray();
        var files = new AdapterFiles();
        foreach (var name in Wanted(names))
        {
            using var stream = File.OpenRead(Path.Combine(directory, name));
            files._files.Add(name, ReadBounded(stream, name, stream.Length));
        }
        return files.Checked(names);
    }

    /// <summary>A zip of such a directory, or of one folder that is it.</summary>
    public static AdapterFiles FromZip(ReadOnlyMemory<byte> zip)
    {
        if (CountEntries(zip.Span) > MaxEntries)
            throw Corrupt($"it has more than {MaxEntries} entries");
        try
        {
            using var archive = new ZipArchive(new MemoryStream(zip.ToArray(), writable: false), ZipArchiveMode.Read);
            return FromArchive(archive);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or ArgumentException or NotSupportedException or IOException)
        {
            throw Corrupt("it does not unpack", e);
        }
    }

    private static AdapterFiles FromArchive(ZipArchive archive)
    {
        if (archive.Entries.Any(entry => IsOutside(entry.FullName)))
            throw Corrupt("an entry's name leads outside of it");
        var configs = archive.Entries.Where(entry => entry.Name == Config).ToArray();
        if (configs.Length != 1)
            throw new SoftPromptException(ErrorKind.Invalid, $"The adapter must hold one {Config}; it holds {configs.Length}.");
        var folder = configs[0].FullName[..^Config.Length];
        var siblings = archive.Entries.Where(entry => entry.FullName == folder + entry.Name && entry.Name.Length > 0).ToArray();
        var files = new AdapterFiles();
        foreach (var name in Wanted(siblings.Select(entry => entry.Name)))
        {
            var entry = siblings.Single(entry => entry.Name == name);
            using var stream = entry.Open();
            files._files.Add(name, ReadBounded(stream, name, entry.Length));
        }
        return files.Checked(siblings.Select(entry => entry.Name));
    }

    private static string[] Wanted(IEnumerable<string> names)
    {
        var wanted = names.Where(name => name is Config or Weights or SideFile).ToArray();
        return wanted.Length == wanted.Distinct().Count() ? wanted : throw Corrupt("a file appears twice");
    }

    private AdapterFiles Checked(IEnumerable<string> names)
    {
        if (!_files.ContainsKey(Config))
            throw new SoftPromptException(ErrorKind.Invalid, $"The adapter has no {Config}.");
        if (_files.ContainsKey(Weights))
            return this;
        throw names.Any(name => PickleExtensions.Contains(Path.GetExtension(name)))
            ? new SoftPromptException(ErrorKind.Invalid,
                "The adapter's weights are pickled. Unpickling runs code that the file chooses, so only safetensors are read: "
                + "save it again with safe_serialization=True.")
            : new SoftPromptException(ErrorKind.Invalid, $"The adapter has no {Weights}.");
    }

    private static bool IsOutside(string name) =>
        name.StartsWith('/') || name.AsSpan().IndexOfAny("\\:\0") >= 0 || name.Split('/').Contains("..");

    /// <param name="length">What the file or zip claims; a stream that does not end there is refused.</param>
    private static byte[] ReadBounded(Stream stream, string name, long length)
    {
        var limit = name == Weights ? MaxWeightBytes : MaxJsonBytes;
        if (length > limit)
            throw new SoftPromptException(ErrorKind.Invalid, $"{name} is longer than {limit >> 20} MiB.");
        var bytes = new byte[length];
        stream.ReadExactly(bytes);
        return stream.ReadByte() < 0 ? bytes : throw Corrupt("a file is longer than it claims");
    }

    /// <summary>Headers of the central directory, counted before the reader makes an object of each.</summary>
    private static int CountEntries(ReadOnlySpan<byte> zip)
    {
        var count = 0;
        for (int at; (at = zip.IndexOf("PK\u0001\u0002"u8)) >= 0; zip = zip[(at + 4)..])
            count++;
        return count;
    }

    private static SoftPromptException Corrupt(string why, Exception? inner = null) =>
        new(ErrorKind.Corrupt, $"The adapter is not a valid zip: {why}.", inner);
}
