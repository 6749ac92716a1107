using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.ModelFormats.Adapters;

/// <summary>The few files of an adapter that are ever looked at, in memory, each of bounded size.</summary>
internal sealed class AdapterFiles
{
    public const string Config = "adapter_config.json";
    public const string Weights = "adapter_model.safetensors";
    public const string SideFile = "softprompt.json";

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
        foreach (var name in names.Where(IsWanted))
        {
            using var stream = File.OpenRead(Path.Combine(directory, name));
            CheckLength(name, stream.Length);
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            files._files.Add(name, bytes);
        }
        return files.Checked(names);
    }

    /// <summary>A zip of such a directory, or of one folder that is it.</summary>
    public static AdapterFiles FromZip(ReadOnlyMemory<byte> zip)
    {
        var archive = new BoundedZip(zip);
        var names = archive.Entries.Select(entry => entry.Name).ToArray();
        var configs = names.Where(name => Path.GetFileName(name) == Config).ToArray();
        if (configs.Length != 1)
            throw Pickled(names) ?? new SoftPromptException(
                ErrorKind.Invalid, $"The adapter must hold one {Config}; it holds {configs.Length}.");
        var folder = configs[0][..^Config.Length];
        var files = new AdapterFiles();
        foreach (var entry in archive.Entries.Where(entry => entry.Name.StartsWith(folder, StringComparison.Ordinal)))
        {
            var name = entry.Name[folder.Length..];
            if (!IsWanted(name))
                continue;
            CheckLength(name, entry.Length);
            files._files.Add(name, archive.Extract(entry));
        }
        return files.Checked(names);
    }

    private static bool IsWanted(string name) => name is Config or Weights or SideFile;

    private AdapterFiles Checked(string[] names)
    {
        if (!_files.ContainsKey(Config))
            throw Pickled(names) ?? new SoftPromptException(ErrorKind.Invalid, $"The adapter has no {Config}.");
        return _files.ContainsKey(Weights)
            ? this
            : throw Pickled(names) ?? new SoftPromptException(ErrorKind.Invalid, $"The adapter has no {Weights}.");
    }

    private static SoftPromptException? Pickled(string[] names) => names.Any(name => PickleExtensions.Contains(Path.GetExtension(name)))
        ? new SoftPromptException(ErrorKind.Invalid,
            "The adapter's weights are pickled. Unpickling runs code that the file chooses, so only safetensors are read: "
            + "save it again with safe_serialization=True.")
        : null;

    private static void CheckLength(string name, long length)
    {
        var limit = name == Weights ? MaxWeightBytes : MaxJsonBytes;
        if (length > limit)
            throw new SoftPromptException(ErrorKind.Invalid, $"{name} is longer than {limit >> 20} MiB.");
    }
}
