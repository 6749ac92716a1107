using System.IO.Compression;
using SoftPromptGrpc.Fixtures;
using SoftPromptGrpc.ModelFormats.Adapters;

namespace SoftPromptGrpc.Fuzzing.Targets;

/// <summary>PEFT adapters as zip archives: the archive, the configuration and the tensors.</summary>
internal sealed class AdapterTarget : IFuzzTarget
{
    public string Name => "adapter";

    public IReadOnlyList<byte[]> Seeds { get; } =
    [
        .. from adapter in new[] { "prompt_tuning_random", "p_tuning_lstm", "prefix_tuning" }
           from level in new[] { CompressionLevel.NoCompression, CompressionLevel.Fastest }
           select Zip(level, Goldens.Directory($"peft/gpt2/{adapter}")),
    ];

    public bool Read(byte[] bytes) => Refusal.OrSuccess(bytes.Length, () => PeftAdapterReader.ReadZip(bytes));

    public static byte[] Zip(CompressionLevel level, string directory)
    {
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var file in (string[])["adapter_config.json", "adapter_model.safetensors"])
                archive.CreateEntryFromFile(Path.Combine(directory, file), file, level);
        }
        return stream.ToArray();
    }
}
