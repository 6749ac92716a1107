using SoftPromptGrpc.Core;
using SoftPromptGrpc.Fixtures;
using SoftPromptGrpc.ModelFormats.Safetensors;

namespace SoftPromptGrpc.ModelFormats.Tests.Safetensors;

public sealed class SafetensorsCheckpointTests
{
    private const string Index = "model.safetensors.index.json";

    [Theory]
    [InlineData("../model.safetensors")]
    [InlineData("/etc/passwd.safetensors")]
    [InlineData("sub/model.safetensors")]
    [InlineData("sub\\\\model.safetensors")]
    [InlineData("C:model.safetensors")]
    [InlineData("..safetensors")]
    [InlineData("weights.bin")]
    [InlineData("")]
    public void Open_IndexNamesAPath_IsCorrupt(string shard)
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory.File(Index), $$$"""{"weight_map":{"a":"{{{shard}}}"}}""");

        Refusal.Of(ErrorKind.Corrupt, () => SafetensorsCheckpoint.Open(directory.Path));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"weight_map":[]}""")]
    [InlineData("""{"weight_map":{"a":1}}""")]
    [InlineData("""{"weight_map":{"a":"\ud800.safetensors"}}""")]
    public void Open_MalformedIndex_IsCorrupt(string json)
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory.File(Index), json);

        Refusal.Of(ErrorKind.Corrupt, () => SafetensorsCheckpoint.Open(directory.Path));
    }

    [Fact]
    public void Open_MissingShard_IsNotFound()
    {
        using var directory = TemporaryDirectory.CopyOf(CausalModels.DirectoryOf("llama_sharded"));
        File.Delete(directory.File("model-00002-of-00003.safetensors"));

        Refusal.Of(ErrorKind.NotFound, () => SafetensorsCheckpoint.Open(directory.Path));
    }

    [Fact]
    public void Open_IndexPlacesATensorInTheWrongShard_IsCorrupt()
    {
        using var directory = TemporaryDirectory.CopyOf(CausalModels.DirectoryOf("llama_sharded"));
        var json = File.ReadAllText(directory.File(Index));
        File.WriteAllText(directory.File(Index), json.Replace(
            "\"lm_head.weight\": \"model-00003", "\"lm_head.weight\": \"model-00001", StringComparison.Ordinal));

        Refusal.Of(ErrorKind.Corrupt, () => SafetensorsCheckpoint.Open(directory.Path));
    }

    [Fact]
    public void Open_PickledWeights_SaysWhyTheyAreNotRead()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllBytes(directory.File("pytorch_model.bin"), [0x80, 2]);

        var error = Refusal.Of(ErrorKind.Unsupported, () => SafetensorsCheckpoint.Open(directory.Path));

        Assert.Contains("runs code", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_EmptyDirectory_IsNotFound()
    {
        using var directory = new TemporaryDirectory();

        Refusal.Of(ErrorKind.NotFound, () => SafetensorsCheckpoint.Open(directory.Path));
    }
}
