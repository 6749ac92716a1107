using System.IO.Compression;
using System.Text;
using CsCheck;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Fixtures;
using SoftPromptGrpc.ModelFormats.Adapters;

namespace SoftPromptGrpc.ModelFormats.Tests.Adapters;

public sealed class HostileAdapterTests
{
    private static readonly byte[] Config = Read("adapter_config.json");
    private static readonly byte[] Weights = Read("adapter_model.safetensors");

    [Fact]
    public void ReadZip_OneBitOfAStoredTensorFlipped_IsCorrupt()
    {
        var zip = Zip(CompressionLevel.NoCompression, ("adapter_config.json", Config), ("adapter_model.safetensors", Weights));
        zip[zip.AsSpan().IndexOf(Weights.AsSpan(^64..)) + 5] ^= 1;

        Refusal.Of(ErrorKind.Corrupt, () => PeftAdapterReader.ReadZip(zip));
    }

    [Fact]
    public void ReadZip_PickleOfTorch_SaysWhyItIsNotRead()
    {
        var zip = Zip(CompressionLevel.Fastest, ("archive/data.pkl", [0x80, 2]), ("archive/version", "3"u8.ToArray()));

        var error = Refusal.Of(ErrorKind.Invalid, () => PeftAdapterReader.ReadZip(zip));

        Assert.Contains("Unpickling runs code", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadZip_PromisesMuchAndHoldsLittle_TakesLittleMemory()
    {
        var zip = Zip(CompressionLevel.Optimal, ("adapter_config.json", Config), ("adapter_model.safetensors", Weights));
        Replace(zip, Weights.Length, 64 << 20);
        var before = GC.GetAllocatedBytesForCurrentThread();

        Refusal.Of(ErrorKind.Corrupt, () => PeftAdapterReader.ReadZip(zip));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2 << 20);
    }

    [Fact]
    public void ReadZip_TwoAdapters_IsInvalid() => Refusal.Of(ErrorKind.Invalid, () => PeftAdapterReader.ReadZip(Zip(
        CompressionLevel.Fastest,
        ("a/adapter_config.json", Config),
        ("b/adapter_config.json", Config),
        ("a/adapter_model.safetensors", Weights))));

    [Fact]
    public void ReadZip_OneNameTwice_IsCorrupt() => Refusal.Of(ErrorKind.Corrupt, () => PeftAdapterReader.ReadZip(Zip(
        CompressionLevel.Fastest,
        ("adapter_config.json", Config),
        ("adapter_model.safetensors", Weights),
        ("adapter_model.safetensors", Weights))));

    [Fact]
    public void ReadZip_SideFileThatIsNotJson_IsCorrupt() => Refusal.Of(ErrorKind.Corrupt, () => PeftAdapterReader.ReadZip(Zip(
        CompressionLevel.Fastest,
        ("adapter_config.json", Config),
        ("adapter_model.safetensors", Weights),
        ("softprompt.json", "{]"u8.ToArray()))));

    [Fact]
    public void ReadZip_SideFileOfTwoMegabytes_IsInvalid() => Refusal.Of(ErrorKind.Invalid, () => PeftAdapterReader.ReadZip(Zip(
        CompressionLevel.Fastest,
        ("adapter_config.json", Config),
        ("adapter_model.safetensors", Weights),
        ("softprompt.json", new byte[2 << 20]))));

    [Theory]
    [InlineData("CPT")]
    [InlineData("LORA")]
    [InlineData("TRAINABLE_TOKENS")]
    public void ReadZip_AnotherPeftType_IsUnsupportedByName(string type)
    {
        var config = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(Config).Replace("PROMPT_TUNING", type, StringComparison.Ordinal));

        var error = Refusal.Of(ErrorKind.Unsupported, () => PeftAdapterReader.ReadZip(
            Zip(CompressionLevel.Fastest, ("adapter_config.json", config), ("adapter_model.safetensors", Weights))));

        Assert.Contains(type, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadZip_PeftTypeOfAMegabyte_IsQuotedInShort()
    {
        var config = Encoding.UTF8.GetBytes($$"""{"peft_type":"{{new string('A', 1_000_000)}}"}""");

        Refusal.Of(ErrorKind.Unsupported, () => PeftAdapterReader.ReadZip(
            Zip(CompressionLevel.Fastest, ("adapter_config.json", config), ("adapter_model.safetensors", Weights))));
    }

    [Fact]
    public void ReadZip_RandomBytesOfTheArchiveChanged_ReadsOrRefuses()
    {
        var whole = Zip(CompressionLevel.Fastest, ("adapter_config.json", Config), ("adapter_model.safetensors", Weights));
        Mutate(whole, bytes => PeftAdapterReader.ReadZip(bytes));
    }

    [Fact]
    public void ReadZip_RandomBytesOfTheConfigChanged_ReadsOrRefuses() => Mutate(Config, bytes => PeftAdapterReader.ReadZip(
        Zip(CompressionLevel.NoCompression, ("adapter_config.json", bytes), ("adapter_model.safetensors", Weights))));

    private static void Mutate(byte[] whole, Action<byte[]> read)
    {
        var outcomes = new HashSet<bool>();

        Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Byte).Array[1, 4].Sample(
            list =>
            {
                var bytes = (byte[])whole.Clone();
                foreach (var (at, value) in list)
                    bytes[at] = value;
                outcomes.Add(Refusal.OrSuccess(() => read(bytes)));
            },
            iter: 5_000, threads: 1);

        Assert.Equal(2, outcomes.Count);
    }

    private static void Replace(byte[] bytes, int from, int to)
    {
        for (var at = 0; at < bytes.Length - 4; at++)
        {
            if (BitConverter.ToInt32(bytes, at) == from)
                BitConverter.GetBytes(to).CopyTo(bytes, at);
        }
    }

    private static byte[] Zip(CompressionLevel level, params (string Name, byte[] Contents)[] files)
    {
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, contents) in files)
            {
                using var entry = archive.CreateEntry(name, level).Open();
                entry.Write(contents);
            }
        }
        return stream.ToArray();
    }

    private static byte[] Read(string file) => File.ReadAllBytes(Goldens.File($"peft/gpt2/prompt_tuning_random/{file}"));
}
