using System.IO.Compression;
using System.Text;
using SoftPromptGrpc.ModelFormats.Safetensors;

namespace SoftPromptGrpc.ModelFormats.Adapters;

/// <summary>
/// Writes prompt-learning adapters as PEFT's save_pretrained does. Our own metadata goes into a side
/// file, because PEFT drops fields of adapter_config.json that it does not know. The same adapter gives the same bytes.
/// </summary>
public static class PeftAdapterWriter
{
    private static readonly DateTimeOffset Epoch = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static void WriteZip(PeftAdapter adapter, Stream destination)
    {
        using var archive = new ZipArchive(destination, ZipArchiveMode.Create, leaveOpen: true);
        foreach (var (name, write) in Files(adapter))
        {
            var entry = archive.CreateEntry(name, CompressionLevel.Optimal);
            entry.LastWriteTime = Epoch;
            using var stream = entry.Open();
            write(stream);
        }
    }

    public static void WriteDirectory(PeftAdapter adapter, string directory)
    {
        Directory.CreateDirectory(directory);
        foreach (var (name, write) in Files(adapter))
        {
            using var stream = File.Create(Path.Combine(directory, name));
            write(stream);
        }
    }

    private static IEnumerable<(string Name, Action<Stream> Write)> Files(PeftAdapter adapter)
    {
        yield return (AdapterFiles.Config, stream => stream.Write(Encoding.UTF8.GetBytes(ConfigJson(adapter.Config))));
        yield return (AdapterFiles.Weights, stream => SafetensorsWriter.Write(stream, Tensors(adapter)));
        if (adapter.SideFile is { } sideFile)
            yield return (AdapterFiles.SideFile, stream => stream.Write(Encoding.UTF8.GetBytes(sideFile)));
    }

    private static IEnumerable<TensorToWrite> Tensors(PeftAdapter adapter)
    {
        var config = adapter.Config;
        yield return new TensorToWrite(PeftAdapterReader.TensorName, [config.VirtualTokens, config.Width], adapter.Values);
        if (adapter.Tasks is not { } tasks)
            yield break;
        yield return new TensorToWrite(PeftAdapterReader.TaskColumns, [tasks.Count, config.VirtualTokens, tasks.Rank], tasks.Columns);
        yield return new TensorToWrite(PeftAdapterReader.TaskRows, [tasks.Count, tasks.Rank, config.HiddenSize], tasks.Rows);
    }

    private static string ConfigJson(PeftPromptConfig config)
    {
        var fields = new SortedDictionary<string, object?>(StringComparer.Ordinal)
        {
            ["auto_mapping"] = null,
            ["base_model_name_or_path"] = config.BaseModelName,
            ["inference_mode"] = true,
            ["num_attention_heads"] = config.HeadCount,
            ["num_layers"] = config.LayerCount,
            ["num_transformer_submodules"] = config.IsDealt ? 2 : 1,
            ["num_virtual_tokens"] = config.VirtualTokens,
            ["peft_type"] = PeftTypes.NameOf(config.Method),
            ["revision"] = null,
            ["task_type"] = config.TaskType,
            ["token_dim"] = config.HiddenSize,
        };
        foreach (var (name, value) in config.Fields)
            fields[name] = name == PeftFields.TokenizerArguments ? null : new RawJson(value);
        var json = new PythonJson();
        foreach (var (name, value) in fields)
            json.Add(name, value);
        return json.ToString();
    }
}
