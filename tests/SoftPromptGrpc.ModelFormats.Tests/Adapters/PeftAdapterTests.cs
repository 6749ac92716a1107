using System.IO.Compression;
using System.Text;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Fixtures;
using SoftPromptGrpc.ModelFormats.Adapters;
using SoftPromptGrpc.ModelFormats.Safetensors;

namespace SoftPromptGrpc.ModelFormats.Tests.Adapters;

public sealed class PeftAdapterTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("softprompt-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    public static TheoryData<string> Adapters => new(
        from model in (string[])["gpt2", "llama"]
        from adapter in (string[])
        [
            "prompt_tuning_random", "prompt_tuning_text_long", "prompt_tuning_text_short", "p_tuning_mlp", "p_tuning_lstm", "prefix_tuning",
            "prefix_tuning_projection",
        ]
        select $"peft/{model}/{adapter}");

    [Theory]
    [MemberData(nameof(Adapters))]
    public void WriteDirectory_AdapterThatPeftSaved_GivesPeftsBytes(string name)
    {
        var adapter = PeftAdapterReader.ReadDirectory(Fixture(name));

        PeftAdapterWriter.WriteDirectory(adapter, _directory);

        foreach (var file in (string[])["adapter_config.json", "adapter_model.safetensors"])
            Assert.Equal(File.ReadAllBytes(Path.Combine(Fixture(name), file)), File.ReadAllBytes(Path.Combine(_directory, file)));
    }

    [Theory]
    [MemberData(nameof(Adapters))]
    public void WriteZip_ReadBack_IsTheSameBits(string name)
    {
        var adapter = PeftAdapterReader.ReadDirectory(Fixture(name)) with { SideFile = """{"template":"{input}"}""" };
        using var zip = new MemoryStream();

        PeftAdapterWriter.WriteZip(adapter, zip);
        var back = PeftAdapterReader.ReadZip(zip.ToArray());

        Assert.Equal(adapter.Values, back.Values);
        Assert.Equal(adapter.SideFile, back.SideFile);
        Assert.Equal(adapter.Config.Fields, back.Config.Fields);
        Assert.Equal(adapter.Config with { UnknownFields = back.Config.UnknownFields, Fields = back.Config.Fields }, back.Config);
    }

    [Theory]
    [InlineData("gpt2.prompt_tuning_random")]
    [InlineData("gpt2.prompt_tuning_text_long")]
    public void WriteDirectory_ConfigOfANewerPeft_GivesItsBytes(string name)
    {
        var config = File.ReadAllBytes(Goldens.File($"peft/saved_by_peft_0.20/{name}/adapter_config.json"));
        var adapter = PeftAdapterReader.ReadZip(Zip(("adapter_config.json", config), ("adapter_model.safetensors", Weights())));

        PeftAdapterWriter.WriteDirectory(adapter, _directory);

        Assert.Equal((5, 48, 240), (adapter.Config.VirtualTokens, adapter.Config.HiddenSize, adapter.Values.Length));
        Assert.Empty(adapter.Config.UnknownFields);
        Assert.Equal(config, File.ReadAllBytes(Path.Combine(_directory, "adapter_config.json")));
    }

    [Fact]
    public void Json_TextBeyondAscii_IsEscapedAsPythonDoes()
    {
        Assert.Equal("""
            "<\u00e9> \"\u007f\" \ud83d\ude00\n"
            """, PeftFields.Json("<é> \"\u007f\" \U0001F600\n"));
        Assert.Equal("null", PeftFields.Json(null));
    }

    [Fact]
    public void WriteDirectory_TokenizerArguments_AreNotHandedOn()
    {
        var config = Config("\"tokenizer_kwargs\": null", """ "tokenizer_kwargs": {"trust_remote_code": true}""");
        var adapter = PeftAdapterReader.ReadZip(Zip(("adapter_config.json", config), ("adapter_model.safetensors", Weights())));

        PeftAdapterWriter.WriteDirectory(adapter, _directory);

        Assert.Equal("""{"trust_remote_code": true}""", adapter.Config.Fields["tokenizer_kwargs"]);
        Assert.Equal(Config(), File.ReadAllBytes(Path.Combine(_directory, "adapter_config.json")));
    }

    [Fact]
    public void ReadDirectory_EncoderDecoder_TakesTheFirstSubmodulesRows()
    {
        var golden = Goldens.Tensors("peft/t5_v1_0/prompt_tuning_random/adapter_model.safetensors");

        var adapter = PeftAdapterReader.ReadDirectory(Fixture("peft/t5_v1_0/prompt_tuning_random"));

        Assert.Equal([10, adapter.Config.HiddenSize], golden.Shape("prompt_embeddings"));
        Assert.Equal(golden["prompt_embeddings"][..(5 * adapter.Config.HiddenSize)], adapter.Values);
    }

    [Theory]
    [InlineData("F16", 2)]
    [InlineData("BF16", 2)]
    [InlineData("I64", 8)]
    public void ReadZip_OtherElementType_IsConvertedOrRefused(string type, int size)
    {
        var header = $$$"""{"prompt_embeddings":{"dtype":"{{{type}}}","shape":[5,48],"data_offsets":[0,{{{240 * size}}}]}}""";
        byte[] weights = [.. BitConverter.GetBytes((long)header.Length), .. Encoding.ASCII.GetBytes(header), .. new byte[240 * size]];
        var zip = Zip(("adapter_config.json", Config()), ("adapter_model.safetensors", weights));

        if (type == "I64")
            Refusal.Of(ErrorKind.Unsupported, () => PeftAdapterReader.ReadZip(zip));
        else
            Assert.Equal(new float[240], PeftAdapterReader.ReadZip(zip).Values);
    }

    [Fact]
    public void ReadZip_MoreThanAPrompt_IsUnsupported()
    {
        using var weights = new MemoryStream();
        SafetensorsWriter.Write(
            weights,
            [new TensorToWrite("lm_head.weight", [1], new float[1]), new TensorToWrite("prompt_embeddings", [5, 48], new float[240])]);
        var modules = Config("\"peft_type\"", "\"modules_to_save\": [\"lm_head\"], \"peft_type\"");

        Refusal.Of(ErrorKind.Unsupported, () => PeftAdapterReader.ReadZip(
            Zip(("adapter_config.json", Config()), ("adapter_model.safetensors", weights.ToArray()))));
        Refusal.Of(ErrorKind.Unsupported, () => PeftAdapterReader.ReadZip(
            Zip(("adapter_config.json", modules), ("adapter_model.safetensors", Weights()))));
    }

    [Fact]
    public void ReadDirectory_Pickle_IsRefusedWithTheReason()
    {
        var directory = Fixture("peft/gpt2/prompt_tuning_random_bin");

        var error = Assert.Throws<SoftPromptException>(() => PeftAdapterReader.ReadDirectory(directory));

        Assert.Equal(ErrorKind.Invalid, error.Kind);
        Assert.Contains("Unpickling runs code", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadZip_CaikitModule_IsRefusedWithTheReason()
    {
        var zip = Zip(("config.yml", "module_class: PeftPromptTuning"u8.ToArray()), ("decoder.pt", new byte[100]));

        var error = Assert.Throws<SoftPromptException>(() => PeftAdapterReader.ReadZip(zip));

        Assert.Equal(ErrorKind.Invalid, error.Kind);
        Assert.Contains("Unpickling runs code", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadZip_InOneFolder_IsFound()
    {
        var zip = Zip(("my-adapter/adapter_config.json", Config()), ("my-adapter/adapter_model.safetensors", Weights()),
            ("my-adapter/README.md", "# hello"u8.ToArray()));

        Assert.Equal(5, PeftAdapterReader.ReadZip(zip).Config.VirtualTokens);
    }

    [Fact]
    public void ReadZip_UnknownFields_AreKept()
    {
        var zip = Zip(("adapter_config.json", Config("\"peft_type\"", "\"new_field\": {\"a\": 1}, \"peft_type\"")),
            ("adapter_model.safetensors", Weights()));

        Assert.Equal("""{"a": 1}""", PeftAdapterReader.ReadZip(zip).Config.UnknownFields["new_field"]);
    }

    [Theory]
    [InlineData("\"num_virtual_tokens\": 5", "\"num_virtual_tokens\": 6", ErrorKind.Invalid)]
    [InlineData("\"num_virtual_tokens\": 5", "\"num_virtual_tokens\": -5", ErrorKind.Invalid)]
    [InlineData("\"num_virtual_tokens\": 5", "\"num_virtual_tokens\": 99999999999", ErrorKind.Invalid)]
    [InlineData("\"num_virtual_tokens\": 5", "\"num_virtual_tokens\": \"5\"", ErrorKind.Invalid)]
    [InlineData("\"num_transformer_submodules\": 1", "\"num_transformer_submodules\": 0", ErrorKind.Invalid)]
    [InlineData("\"token_dim\": 48", "\"token_dim\": 47", ErrorKind.Invalid)]
    [InlineData("\"PROMPT_TUNING\"", "\"LORA\"", ErrorKind.Unsupported)]
    [InlineData("\"peft_type\"", "\"other_type\"", ErrorKind.Invalid)]
    [InlineData("{", "[", ErrorKind.Corrupt)]
    public void ReadZip_BadConfig_IsRefused(string find, string replace, ErrorKind kind)
    {
        var zip = Zip(("adapter_config.json", Config(find, replace)), ("adapter_model.safetensors", Weights()));

        Assert.Equal(kind, Assert.Throws<SoftPromptException>(() => PeftAdapterReader.ReadZip(zip)).Kind);
    }

    [Theory]
    [InlineData("../adapter_config.json", ErrorKind.Corrupt)]
    [InlineData("/adapter_config.json", ErrorKind.Corrupt)]
    [InlineData("..\\adapter_config.json", ErrorKind.Corrupt)]
    [InlineData("config.json", ErrorKind.Invalid)]
    public void ReadZip_BadEntryName_IsRefused(string name, ErrorKind kind)
    {
        var zip = Zip((name, Config()), ("adapter_model.safetensors", Weights()));

        Assert.Equal(kind, Assert.Throws<SoftPromptException>(() => PeftAdapterReader.ReadZip(zip)).Kind);
    }

    [Fact]
    public void ReadZip_Bomb_IsRefusedWithoutBeingInflated()
    {
        var zip = Zip(("adapter_config.json", Config()), ("adapter_model.safetensors", new byte[256 << 20]));
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Equal(ErrorKind.Invalid, Assert.Throws<SoftPromptException>(() => PeftAdapterReader.ReadZip(zip)).Kind);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2 << 20);
    }

    [Fact]
    public void ReadZip_EntryLongerThanItClaims_IsRefused()
    {
        var zip = Zip(("adapter_config.json", Config()), ("adapter_model.safetensors", new byte[1 << 20]));
        for (var at = 0; at < zip.Length - 4; at++)
        {
            if (BitConverter.ToInt32(zip, at) == 1 << 20)
                BitConverter.GetBytes(1000).CopyTo(zip, at);
        }

        Assert.Equal(ErrorKind.Corrupt, Assert.Throws<SoftPromptException>(() => PeftAdapterReader.ReadZip(zip)).Kind);
    }

    [Fact]
    public void ReadZip_TooManyEntries_IsRefused()
    {
        var zip = Zip([.. Enumerable.Range(0, 300).Select(i => ($"{i}.txt", Array.Empty<byte>()))]);

        Assert.Equal(ErrorKind.Corrupt, Assert.Throws<SoftPromptException>(() => PeftAdapterReader.ReadZip(zip)).Kind);
    }

    [Fact]
    public void ReadZip_TruncatedAnywhere_IsRefused()
    {
        var zip = Zip(("adapter_config.json", Config()), ("adapter_model.safetensors", Weights()));

        for (var length = 0; length < zip.Length; length += 7)
            Assert.Throws<SoftPromptException>(() => PeftAdapterReader.ReadZip(zip.AsMemory(0, length)));
    }

    [Fact]
    public void ReadZip_NotANumber_IsRefused()
    {
        var weights = Weights();
        BitConverter.GetBytes(float.NaN).CopyTo(weights, weights.Length - 4);
        var zip = Zip(("adapter_config.json", Config()), ("adapter_model.safetensors", weights));

        Assert.Equal(ErrorKind.Invalid, Assert.Throws<SoftPromptException>(() => PeftAdapterReader.ReadZip(zip)).Kind);
    }

    private static byte[] Config(string find = "", string replace = "")
    {
        var text = File.ReadAllText(Path.Combine(Fixture("peft/gpt2/prompt_tuning_random"), "adapter_config.json"));
        return Encoding.UTF8.GetBytes(find.Length == 0 ? text : text.Replace(find, replace, StringComparison.Ordinal));
    }

    private static byte[] Weights() =>
        File.ReadAllBytes(Path.Combine(Fixture("peft/gpt2/prompt_tuning_random"), "adapter_model.safetensors"));

    private static byte[] Zip(params (string Name, byte[] Bytes)[] files)
    {
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, bytes) in files)
            {
                using var entry = archive.CreateEntry(name).Open();
                entry.Write(bytes);
            }
        }
        return stream.ToArray();
    }

    private static string Fixture(string name) => Goldens.Directory(name);
}
