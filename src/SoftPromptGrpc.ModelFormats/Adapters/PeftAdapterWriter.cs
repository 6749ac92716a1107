using System.IO.Compression;
using System.Text;
using SoftPromptGrpc.ModelFormats.Safetensors;

namespace SoftPromptGrpc.ModelFormats.Adapters;

/// <summary>
/// Writes PROMPT_TUNING adapters as PEFT's save_pretrained does. Our own metadata goes into a side
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
        yield return (AdapterFiles.Weights, stream => SafetensorsWriter.Write(stream,
            [new TensorToWrite("prompt_embeddings", [adapter.Config.VirtualTokens, adapter.Config.HiddenSize], adapter.Values)]));
        if (adapter.SideFile is { } sideFile)
            yield return (AdapterFiles.SideFile, stream => stream.Write(Encoding.UTF8.GetBytes(sideFile)));
    }

    private static string ConfigJson(PeftPromptConfig config)
    {
        var json = new PythonJson();
        json.Add("auto_mapping", null);
        json.Add("base_model_name_or_path", config.BaseModelName);
        json.Add("inference_mode", true);
        if (config.PeftVersion is not null)
            json.Add("modules_to_save", null);
        json.Add("num_attention_heads", config.HeadCount);
        json.Add("num_layers", config.LayerCount);
        json.Add("num_transformer_submodules", 1);
        json.Add("num_virtual_tokens", config.VirtualTokens);
        json.Add("peft_type", "PROMPT_TUNING");
        if (config.PeftVersion is not null)
            json.Add("peft_version", config.PeftVersion);
        json.Add("prompt_tuning_init", config.Initialisation);
        json.Add("prompt_tuning_init_text", config.InitialisationText);
        json.Add("revision", null);
        json.Add("task_type", config.TaskType);
        json.Add("token_dim", config.HiddenSize);
        json.Add("tokenizer_kwargs", null);
        json.Add("tokenizer_name_or_path", config.InitialisationText is null ? null : config.BaseModelName);
        return json.ToString();
    }
}
