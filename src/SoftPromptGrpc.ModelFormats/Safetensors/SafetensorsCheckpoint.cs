using System.Text.Json;
using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.ModelFormats.Safetensors;

/// <summary>A tensor and the file that holds it.</summary>
public readonly record struct StoredTensor(SafetensorsFile File, TensorEntry Entry);

/// <summary>The tensors of a Hugging Face checkpoint directory: one model.safetensors, or shards that an index names.</summary>
public sealed class SafetensorsCheckpoint : IDisposable
{
    internal const string SingleFile = "model.safetensors";
    internal const string IndexFile = "model.safetensors.index.json";
    private const int MaxShards = 4096;

    private readonly List<SafetensorsFile> _files = [];
    private readonly Dictionary<string, StoredTensor> _tensors = new(StringComparer.Ordinal);

    private SafetensorsCheckpoint(IReadOnlyList<string> fileNames) => FileNames = fileNames;

    /// <summary>The names, inside the directory, of the files that hold the weights.</summary>
    public IReadOnlyList<string> FileNames { get; }

    public IReadOnlyDictionary<string, StoredTensor> Tensors => _tensors;

    /// <exception cref="SoftPromptException">
    /// <see cref="ErrorKind.NotFound"/>, <see cref="ErrorKind.Corrupt"/>, or <see cref="ErrorKind.Unsupported"/>: only pickled weights.
    /// </exception>
    public static SafetensorsCheckpoint Open(string directory)
    {
        if (File.Exists(Path.Combine(directory, SingleFile)))
            return Open(directory, [SingleFile], null);
        if (File.Exists(Path.Combine(directory, IndexFile)))
        {
            var index = ReadIndex(Path.Combine(directory, IndexFile));
            return Open(directory, Shards(index), index);
        }
        if (Directory.Exists(directory) && Directory.EnumerateFiles(directory, "*.bin").Any())
            throw new SoftPromptException(ErrorKind.Unsupported,
                "The checkpoint's weights are pickled (.bin). Unpickling runs code that the file chooses, so only safetensors are read.");
        throw new SoftPromptException(ErrorKind.NotFound, $"The checkpoint has neither {SingleFile} nor {IndexFile}.");
    }

    /// <summary>The names of the shards that an index file names.</summary>
    internal static IReadOnlyList<string> ShardsOf(string indexPath) => Shards(ReadIndex(indexPath));

    public void Dispose() => _files.ForEach(f => f.Dispose());

    private static SafetensorsCheckpoint Open(string directory, IReadOnlyList<string> fileNames, Dictionary<string, string>? index)
    {
        var checkpoint = new SafetensorsCheckpoint(fileNames);
        try
        {
            foreach (var name in fileNames)
                checkpoint.Add(SafetensorsFile.Open(Path.Combine(directory, name)), name, index);
            if (index is not null && index.Keys.FirstOrDefault(t => !checkpoint._tensors.ContainsKey(t)) is { } missing)
                throw BadIndex($"no shard holds '{Quoted.Text(missing)}'");
            return checkpoint;
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    private static string[] Shards(Dictionary<string, string> index) => [.. index.Values.Distinct().Order(StringComparer.Ordinal)];

    /// <summary>Takes from a shard the tensors that the index places there, as the reference loader does.</summary>
    private void Add(SafetensorsFile file, string name, Dictionary<string, string>? index)
    {
        _files.Add(file);
        foreach (var (tensor, entry) in file.Tensors)
        {
            if (index is null || (index.TryGetValue(tensor, out var shard) && shard == name))
                _tensors.Add(tensor, new StoredTensor(file, entry));
        }
    }

    private static Dictionary<string, string> ReadIndex(string path)
    {
        using var json = BoundedJson.ReadFile(path);
        if (!json.RootElement.TryGetProperty("weight_map", out var map) || map.ValueKind != JsonValueKind.Object)
            throw BadIndex("it has no weight_map");
        var index = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in map.EnumerateObject())
        {
            var shard = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString()! : "";
            if (!IsPlainName(shard))
                throw BadIndex("it names a shard outside the checkpoint");
            index[entry.Name] = shard;
        }
        return index.Values.Distinct().Count() > MaxShards ? throw BadIndex("it names too many shards") : index;
    }

    private static bool IsPlainName(string name) =>
        name.EndsWith(".safetensors", StringComparison.Ordinal) && name.AsSpan().IndexOfAny("/\\:\0") < 0 && !name.StartsWith('.');

    private static SoftPromptException BadIndex(string why) => new(ErrorKind.Corrupt, $"{IndexFile} is not valid: {why}.");
}
