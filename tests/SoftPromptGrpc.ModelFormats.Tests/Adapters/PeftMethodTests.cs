using System.IO.Compression;
using System.Text;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.Core.Training;
using SoftPromptGrpc.Fixtures;
using SoftPromptGrpc.ModelFormats.Adapters;
using SoftPromptGrpc.ModelFormats.Safetensors;

namespace SoftPromptGrpc.ModelFormats.Tests.Adapters;

/// <summary>Adapters of every method.</summary>
public sealed class PeftMethodTests
{
    private const string Prefix = """
        {"peft_type": "CARTRIDGE", "num_frozen_tokens": 1, "num_virtual_tokens": 3, "token_dim": 4, "num_layers": 2,
         "num_attention_heads": 2, "num_transformer_submodules": 1}
        """;

    private const string Multitask = """
        {"peft_type": "MULTITASK_PROMPT_TUNING", "num_virtual_tokens": 2, "token_dim": 2, "num_tasks": 2, "num_ranks": 1,
         "prompt_tuning_init": "EXACT_SOURCE_TASK", "prompt_tuning_init_state_dict_path": "/etc/passwd"}
        """;

    [Theory]
    [InlineData("gpt2", "p_tuning_mlp", PromptMethod.PTuning)]
    [InlineData("gpt2", "prefix_tuning_projection", PromptMethod.PrefixTuning)]
    [InlineData("llama", "prefix_tuning", PromptMethod.PrefixTuning)]
    public void ToPrompt_AdapterOfPeft_FitsItsModel(string name, string adapter, PromptMethod method)
    {
        var golden = new PeftGoldens(name, adapter);
        var model = Goldens.LoadModel(name);
        using var weights = model.Weights;

        var read = PeftAdapterReader.ReadDirectory(golden.Directory);
        var prompt = read.ToPrompt(model.Fingerprint);

        Assert.Equal(method, read.Config.Method);
        Assert.Null(prompt.MisfitWith(model.Spec));
        Assert.Equal(golden.Saved, prompt is KeyValuePrefix prefix ? PrefixLayout.ToRows(prefix) : prompt.Values.ToArray());
    }

    /// <summary>3 ids repeated, and 8 cut to 5. An encoder-decoder's are repeated for its other half.</summary>
    [Theory]
    [InlineData("gpt2", "prompt_tuning_text_short")]
    [InlineData("gpt2", "prompt_tuning_text_long")]
    [InlineData("llama", "prompt_tuning_text_short")]
    [InlineData("llama", "prompt_tuning_text_long")]
    [InlineData("t5_v1_0", "prompt_tuning_text_short")]
    [InlineData("t5_v1_0", "prompt_tuning_text_long")]
    public void FromText_IdsOfPeftsText_IsPeftsPrompt(string name, string adapter)
    {
        var golden = new PeftGoldens(name, adapter);
        var model = Goldens.LoadModel(name);
        using var weights = model.Weights;

        var prompt = new PromptInitializer(model, PeftGoldens.VirtualTokens, seed: 0).FromText(golden.TextTokens);

        Assert.Equal(golden.Saved[..prompt.Values.Length], prompt.Values.ToArray());
    }

    [Theory]
    [InlineData("p_tuning_mlp")]
    [InlineData("p_tuning_lstm")]
    [InlineData("prefix_tuning")]
    [InlineData("prefix_tuning_projection")]
    public void WriteZip_ConfigOfANewerPeft_GivesItsBytes(string adapter)
    {
        var config = File.ReadAllBytes(Goldens.File($"peft/saved_by_peft_0.20/gpt2.{adapter}/adapter_config.json"));
        var weights = File.ReadAllBytes(Goldens.File($"peft/gpt2/{adapter}/adapter_model.safetensors"));
        var read = PeftAdapterReader.ReadZip(Zip(config, weights));
        using var zip = new MemoryStream();

        PeftAdapterWriter.WriteZip(read, zip);

        Assert.Empty(read.Config.UnknownFields);
        using var archive = new ZipArchive(zip);
        using var stream = archive.GetEntry("adapter_config.json")!.Open();
        using var written = new MemoryStream();
        stream.CopyTo(written);
        Assert.Equal(config, written.ToArray());
    }

    [Fact]
    public void ReadZip_Cartridge_IsAPrefix()
    {
        var values = Enumerable.Range(0, 48).Select(i => (float)i).ToArray();

        var read = PeftAdapterReader.ReadZip(Zip(Prefix, new TensorToWrite("prompt_embeddings", [3, 16], values)));
        var prefix = Assert.IsType<KeyValuePrefix>(read.ToPrompt("print"));

        Assert.Equal((2, 2, 3, 2), (prefix.LayerCount, prefix.HeadCount, prefix.VirtualTokens, prefix.HeadSize));
        Assert.Equal([2, 3, 18, 19, 34, 35], prefix.LayerKeys(0)[6..].ToArray()); // The second head.
        Assert.Equal("1", read.Config.Fields["num_frozen_tokens"]);
    }

    [Fact]
    public void ReadZip_Multitask_GivesEachTaskItsPromptAndWritesTheSame()
    {
        var zip = Zip(Multitask, [.. MultitaskTensors()]);
        var read = PeftAdapterReader.ReadZip(zip);
        using var again = new MemoryStream();

        PeftAdapterWriter.WriteZip(read, again);
        var back = PeftAdapterReader.ReadZip(again.ToArray());

        Assert.Equal([1, 4, 6, 16], read.ToPrompt("print", 0).Values.ToArray());
        Assert.Equal([0, 2, 0, 4], back.ToPrompt("print", 1).Values.ToArray());
        Assert.Equal(ErrorKind.Invalid, Assert.Throws<SoftPromptException>(() => read.ToPrompt("print")).Kind);
        Assert.Equal(ErrorKind.Invalid, Assert.Throws<SoftPromptException>(() => read.ToPrompt("print", 2)).Kind);
    }

    [Theory]
    [InlineData("\"token_dim\": 4", "\"token_dim\": 5")]
    [InlineData("\"token_dim\": 4,", "")]
    [InlineData("\"num_layers\": 2", "\"num_layers\": 1073741828")]
    [InlineData("\"num_attention_heads\": 2", "\"num_attention_heads\": 3")]
    [InlineData("\"num_attention_heads\": 2", "\"num_attention_heads\": 0")]
    [InlineData("\"num_virtual_tokens\": 3", "\"num_virtual_tokens\": 6")]
    public void ReadZip_PrefixThatDoesNotFitItsConfig_IsRefused(string find, string replace)
    {
        var config = Prefix.Replace(find, replace, StringComparison.Ordinal);
        var zip = Zip(config, new TensorToWrite("prompt_embeddings", [3, 16], new float[48]));

        Assert.Equal(ErrorKind.Invalid, Assert.Throws<SoftPromptException>(() => PeftAdapterReader.ReadZip(zip)).Kind);
    }

    [Fact]
    public void ReadZip_MultitaskWithoutItsTasks_IsRefused()
    {
        var zip = Zip(Multitask, MultitaskTensors()[0]);

        Assert.Equal(ErrorKind.Invalid, Assert.Throws<SoftPromptException>(() => PeftAdapterReader.ReadZip(zip)).Kind);
    }

    // The shared prompt is 1 to 4; task 0 multiplies by [1; 2] x [1, 2], task 1 by [1; 1] x [0, 1].
    private static TensorToWrite[] MultitaskTensors() =>
    [
        new("prompt_embeddings", [2, 2], new float[] { 1, 2, 3, 4 }), new("prefix_task_cols", [2, 2, 1], new float[] { 1, 2, 1, 1 }),
        new("prefix_task_rows", [2, 1, 2], new float[] { 1, 2, 0, 1 }),
    ];

    private static byte[] Zip(string config, params TensorToWrite[] tensors)
    {
        using var weights = new MemoryStream();
        SafetensorsWriter.Write(weights, tensors);
        return Zip(Encoding.UTF8.GetBytes(config), weights.ToArray());
    }

    private static byte[] Zip(byte[] config, byte[] weights)
    {
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, bytes) in new[] { ("adapter_config.json", config), ("adapter_model.safetensors", weights) })
            {
                using var entry = archive.CreateEntry(name).Open();
                entry.Write(bytes);
            }
        }
        return stream.ToArray();
    }
}
