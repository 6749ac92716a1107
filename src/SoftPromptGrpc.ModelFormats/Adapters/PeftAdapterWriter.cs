using System.IO.Compression;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using SoftPromptGrpc.ModelFormats.Safetensors;

namespace SoftPromptGrpc.ModelFormats.Adapters;

/// <summary>
/// Writes PROMPT_TUNING adapters as PEFT's save_pretrained does, for causal language models. Our own metadata goes into a side
/// file, because PEFT drops fields of adapter_config.json that it does not know. The same adapter gives the same bytes.
/// </summary>
public static class PeftAdapterWriter
{
    private static readonly DateTimeOffset Epoch = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    // As Python's json.dumps(indent=2).
    private static readonly JsonWriterOptions Options = new()
    {
        Indented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

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
        yield return (AdapterFiles.Config, stream => WriteConfig(adapter.Config, stream));
        yield return (AdapterFiles.Weights, stream => SafetensorsWriter.Write(stream,
            [new TensorToWrite("prompt_embeddings", [adapter.Config.VirtualTokens, adapter.Config.HiddenSize], adapter.Values)]));
        if (adapter.SideFile is { } sideFile)
            yield return (AdapterFiles.SideFile, stream => stream.Write(Encoding.UTF8.GetBytes(sideFile)));
    }

    private static void WriteConfig(PeftPromptConfig config, Stream destination)
    {
        using var json = new Utf8JsonWriter(destination, Options);
        json.WriteStartObject();
        json.WriteNull("auto_mapping");
        json.WriteString("base_model_name_or_path", config.BaseModelName);
        json.WriteBoolean("inference_mode", true);
        json.WriteNumber("num_attention_heads", config.HeadCount);
        json.WriteNumber("num_layers", config.LayerCount);
        json.WriteNumber("num_transformer_submodules", 1);
        json.WriteNumber("num_virtual_tokens", config.VirtualTokens);
        json.WriteString("peft_type", "PROMPT_TUNING");
        json.WriteString("prompt_tuning_init", config.Initialisation);
        json.WriteString("prompt_tuning_init_text", config.InitialisationText);
        json.WriteNull("revision");
        json.WriteString("task_type", "CAUSAL_LM");
        json.WriteNumber("token_dim", config.HiddenSize);
        json.WriteNull("tokenizer_kwargs");
        json.WriteString("tokenizer_name_or_path", config.InitialisationText is null ? null : config.BaseModelName);
        json.WriteEndObject();
    }
}
