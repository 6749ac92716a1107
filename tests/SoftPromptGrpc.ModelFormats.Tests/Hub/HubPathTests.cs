using SoftPromptGrpc.Core;
using SoftPromptGrpc.ModelFormats.Hub;

namespace SoftPromptGrpc.ModelFormats.Tests.Hub;

/// <summary>Where things are, by the rules of the huggingface_hub package.</summary>
public sealed class HubPathTests
{
    private const string Hash = "0123456789abcdef0123456789abcdef01234567";

    [Theory]
    [InlineData("", "/home/me/.cache/huggingface/hub")]
    [InlineData("XDG_CACHE_HOME=/xdg", "/xdg/huggingface/hub")]
    [InlineData("XDG_CACHE_HOME=/xdg HF_HOME=/hf", "/hf/hub")]
    [InlineData("HF_HOME=/hf HF_HUB_CACHE=/cache", "/cache")]
    [InlineData("HF_HOME=/hf HUGGINGFACE_HUB_CACHE=/old", "/old")]
    [InlineData("HF_HUB_CACHE=~/cache", "/home/me/cache")]
    public void FromEnvironment_Cache_IsWherePythonLooks(string environment, string expected) =>
        Assert.Equal(Path.GetFullPath(expected), Settings(environment).CacheDirectory);

    [Theory]
    [InlineData("", "https://huggingface.co/", false)]
    [InlineData("HF_ENDPOINT=https://mirror.example/hf HF_HUB_OFFLINE=1", "https://mirror.example/hf/", true)]
    [InlineData("HF_HUB_OFFLINE=true", "https://huggingface.co/", true)]
    [InlineData("HF_HUB_OFFLINE=0", "https://huggingface.co/", false)]
    public void FromEnvironment_EndpointAndOffline_AreRead(string environment, string endpoint, bool offline)
    {
        var settings = Settings(environment);

        Assert.Equal(endpoint, settings.Endpoint.ToString());
        Assert.Equal(offline, settings.Offline);
    }

    [Fact]
    public void FromEnvironment_EndpointThatIsNoAddress_IsRefused() =>
        Assert.Throws<FormatException>(() => Settings("HF_ENDPOINT=file:///etc"));

    [Fact]
    public void FromEnvironment_Token_ComesFromVariableOrFile()
    {
        using var home = new TemporaryDirectory();
        File.WriteAllText(home.File("token"), "hf_stored\n");

        Assert.Equal("hf_given", Settings($"HF_HOME={home.Path} HF_TOKEN=hf_given").Token);
        Assert.Equal("hf_stored", Settings($"HF_HOME={home.Path}").Token);
        Assert.Null(Settings("HF_HOME=/none").Token);
        Assert.DoesNotContain("hf_stored", Settings($"HF_HOME={home.Path}").ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Layout_OfARepository_IsPythons()
    {
        var layout = new CacheLayout("/cache", HubReference.Parse("hf://owner/name@refs/pr/1"));

        Assert.Equal("/cache/models--owner--name/refs/refs/pr/1", layout.Reference);
        Assert.Equal($"/cache/models--owner--name/blobs/{Hash}", layout.Blob(Hash));
        Assert.Equal($"/cache/models--owner--name/blobs/{Hash}.incomplete", layout.Part(Hash));
        Assert.Equal($"/cache/models--owner--name/snapshots/{Hash}", layout.Snapshot(Hash));
        Assert.Equal($"/cache/.locks/models--owner--name/{Hash}.lock", layout.Lock(Hash));
        Assert.Equal($"../../blobs/{Hash}", CacheLayout.LinkTo(Hash));
    }

    [Theory]
    [InlineData("config.json model.safetensors model.safetensors.index.json x.py", "config.json model.safetensors")]
    [InlineData("config.json model.safetensors.index.json a.safetensors", "config.json model.safetensors.index.json")]
    [InlineData(
        "tokenizer.model tokenizer_config.json tokenizer.json config.json model.safetensors generation_config.json onnx/model.onnx",
        "config.json generation_config.json tokenizer.json tokenizer_config.json model.safetensors")]
    public void Needed_OfARepository_IsTheCheckpointAlone(string repository, string needed) =>
        Assert.Equal(needed.Split(' '), CheckpointFiles.Needed(repository.Split(' ').ToHashSet(), "o/n"));

    [Theory]
    [InlineData("model.safetensors", ErrorKind.NotFound)]
    [InlineData("config.json", ErrorKind.NotFound)]
    [InlineData("config.json pytorch_model.bin", ErrorKind.Unsupported)]
    public void Needed_OfWhatIsNoCheckpoint_IsRefused(string repository, ErrorKind kind) =>
        Refusal.Of(kind, () => CheckpointFiles.Needed(repository.Split(' ').ToHashSet(), "o/n"));

    [Theory]
    [InlineData($"\"{Hash}\"", Hash)]
    [InlineData($"W/\"{Hash}\"", Hash)]
    [InlineData($"{Hash}", Hash)]
    [InlineData("\"abc\"", null)]
    [InlineData("\"../../../../../../../../../../../../../../../\"", null)]
    [InlineData(null, null)]
    public void FromETag_OnlyAHash_IsTaken(string? etag, string? hash) => Assert.Equal(hash, ContentHash.FromETag(etag));

    private static HubSettings Settings(string environment)
    {
        var variables = environment.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(v => v.Split('=', 2)).ToDictionary(v => v[0], v => v[1]);
        return HubSettings.FromEnvironment(variables.GetValueOrDefault, "/home/me");
    }
}
