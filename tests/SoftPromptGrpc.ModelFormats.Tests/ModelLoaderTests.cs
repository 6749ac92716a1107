using System.Text.Json.Nodes;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Fixtures;

namespace SoftPromptGrpc.ModelFormats.Tests;

public sealed class ModelLoaderTests
{
    [Theory]
    [MemberData(nameof(CausalModels.Complete), MemberType = typeof(CausalModels))]
    [MemberData(nameof(CausalModels.Variants), MemberType = typeof(CausalModels))]
    [MemberData(nameof(CausalModels.HalfPrecision), MemberType = typeof(CausalModels))]
    public void Load_EveryModel_HasEveryCanonicalTensor(string name)
    {
        var model = Goldens.LoadModel(name);
        using var weights = model.Weights;

        foreach (var (tensor, shape) in model.Spec.Tensors())
        {
            Assert.Equal(shape, weights.Shape(tensor));
            var values = new float[shape.Aggregate(1, (count, size) => count * size)];
            weights.Read(tensor, values);
            Assert.All(values, v => Assert.True(float.IsFinite(v)));
            Assert.Contains(values, v => v != 0);
        }
        var names = name != "mpt"; // Its files name no special tokens.
        Assert.Equal(names ? [2] : [], model.Generation.EndOfSequence);
        Assert.Equal(names ? 1 : null, model.Generation.BeginningOfSequence);
    }

    [Theory]
    [MemberData(nameof(CausalModels.Variants), MemberType = typeof(CausalModels))]
    public void Fingerprint_OtherFilesOfTheSameModel_IsTheSame(string name)
    {
        var (model, original) = (Goldens.LoadModel(name), Goldens.LoadModel(CausalModels.OriginalOf(name)));
        using var weights = model.Weights;
        using var originalWeights = original.Weights;

        Assert.Equal(original.Fingerprint, model.Fingerprint);
        Assert.Equal(original.Spec, model.Spec);
    }

    [Fact]
    public void Fingerprint_EachModel_IsItsOwn()
    {
        string[] names = [.. CausalModels.Complete.Select(r => r.Data), .. CausalModels.HalfPrecision.Select(r => r.Data)];

        var fingerprints = names.Select(name =>
        {
            var model = Goldens.LoadModel(name);
            model.Weights.Dispose();
            return model.Fingerprint;
        });

        Assert.Equal(names.Length, fingerprints.Distinct().Count());
    }

    [Theory]
    [InlineData("generation_config.json")]
    [InlineData("tokenizer.json")]
    public void Load_FileThatCannotBeRead_NamesIt(string name)
    {
        using var directory = TemporaryDirectory.CopyOf(CausalModels.DirectoryOf("llama"));
        File.Delete(directory.File(name));
        File.WriteAllText(directory.File(name), "{}");
        using var locked = new FileStream(directory.File(name), FileMode.Open, FileAccess.ReadWrite, FileShare.None);

        var error = Refusal.Of(ErrorKind.Precondition, () => ModelLoader.Load("m", directory.Path));

        Assert.Equal($"{name} cannot be read.", error.Message);
    }

    [Fact]
    public void Load_TrainedModel_HasItsTokenizer()
    {
        var model = ModelLoader.Load("stories", Goldens.Stories260K);
        model.Weights.Dispose();

        Assert.Equal(model.Spec.VocabularySize, model.Tokenizer?.VocabularySize);
    }

    [Fact]
    public void Load_NoTokenizerFile_HasNoTokenizer()
    {
        var model = Goldens.LoadModel("llama");
        model.Weights.Dispose();

        Assert.Null(model.Tokenizer);
    }

    [Theory]
    [InlineData("""{"eos_token_id":[7,9],"bos_token_id":3}""", new[] { 7, 9 }, 3, 0)]
    [InlineData("""{"eos_token_id":null,"pad_token_id":5}""", new[] { 2 }, 1, 5)]
    [InlineData(null, new[] { 2 }, 1, 0)]
    public void Load_GenerationConfig_ComesBeforeConfig(string? json, int[] ends, int begin, int padding)
    {
        using var directory = TemporaryDirectory.CopyOf(Goldens.Directory("models/llama"));
        File.Delete(directory.File("generation_config.json"));
        if (json is not null)
            File.WriteAllText(directory.File("generation_config.json"), json);

        var model = ModelLoader.Load("llama", directory.Path);
        model.Weights.Dispose();

        Assert.Equal(ends, model.Generation.EndOfSequence);
        Assert.Equal((begin, padding), (model.Generation.BeginningOfSequence, model.Generation.Padding));
    }

    [Theory]
    [InlineData("config.json", "", ErrorKind.Corrupt)]
    [InlineData("config.json", "[]", ErrorKind.Corrupt)]
    [InlineData("config.json", "{", ErrorKind.Corrupt)]
    [InlineData("config.json", """{"model_type":"\udfff"}""", ErrorKind.Corrupt)]
    [InlineData("config.json", """{"model_type":"llama","quantization_config":{}}""", ErrorKind.Unsupported)]
    [InlineData("generation_config.json", """{"eos_token_id":"2"}""", ErrorKind.Corrupt)]
    [InlineData("tokenizer.json", "{", ErrorKind.Corrupt)]
    public void Load_MalformedFile_IsRefused(string file, string contents, ErrorKind kind)
    {
        using var directory = TemporaryDirectory.CopyOf(Goldens.Directory("models/llama"));
        File.WriteAllText(directory.File(file), contents);

        Refusal.Of(kind, () => ModelLoader.Load("llama", directory.Path));
    }

    [Fact]
    public void Load_DeeplyNestedConfig_IsCorrupt()
    {
        using var directory = TemporaryDirectory.CopyOf(Goldens.Directory("models/llama"));
        File.WriteAllText(directory.File("config.json"), string.Concat(Enumerable.Repeat("""{"a":{""", 1_000_000)));

        Refusal.Of(ErrorKind.Corrupt, () => ModelLoader.Load("llama", directory.Path));
    }

    [Fact]
    public void Load_NoDirectory_IsNotFound() =>
        Refusal.Of(ErrorKind.NotFound, () => ModelLoader.Load("llama", Path.Combine(Path.GetTempPath(), Path.GetRandomFileName())));

    [Theory]
    [InlineData("vocab_size", "321")]
    [InlineData("hidden_size", "64")]
    [InlineData("num_hidden_layers", "3")]
    [InlineData("attention_bias", "true")]
    [InlineData("num_key_value_heads", "4")]
    public void Load_ConfigOfAnotherModel_IsCorrupt(string key, string value)
    {
        using var directory = TemporaryDirectory.CopyOf(Goldens.Directory("models/llama"));
        var config = JsonNode.Parse(File.ReadAllText(directory.File("config.json")))!;
        config[key] = JsonNode.Parse(value);
        File.WriteAllText(directory.File("config.json"), config.ToJsonString());

        Refusal.Of(ErrorKind.Corrupt, () => ModelLoader.Load("llama", directory.Path));
    }

    [Fact]
    public void Load_FingerprintCache_ServesUntilAFileChanges()
    {
        using var directory = TemporaryDirectory.CopyOf(Goldens.Directory("models/llama"));
        using var cache = new TemporaryDirectory();
        var first = Fingerprint();
        var entry = Assert.Single(Directory.GetFiles(cache.Path));
        Assert.Equal(first, File.ReadAllText(entry));

        var planted = new string('0', 64);
        File.WriteAllText(entry, planted);
        Assert.Equal(planted, Fingerprint());

        File.WriteAllText(entry, "damaged");
        Assert.Equal(first, Fingerprint());

        File.WriteAllText(entry, planted);
        File.SetLastWriteTimeUtc(directory.File("model.safetensors"), new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Assert.Equal(first, Fingerprint());

        string Fingerprint()
        {
            var model = ModelLoader.Load("llama", directory.Path, cache.Path);
            model.Weights.Dispose();
            return model.Fingerprint;
        }
    }

    [Fact]
    public void Fingerprint_OneBitOfOneWeight_ChangesIt()
    {
        using var directory = TemporaryDirectory.CopyOf(Goldens.Directory("models/llama"));
        var path = directory.File("model.safetensors");
        var bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 1;
        File.WriteAllBytes(path, bytes);

        var (changed, original) = (ModelLoader.Load("llama", directory.Path), Goldens.LoadModel("llama"));
        changed.Weights.Dispose();
        original.Weights.Dispose();

        Assert.NotEqual(original.Fingerprint, changed.Fingerprint);
    }

    [Theory]
    [MemberData(nameof(CausalModels.Complete), MemberType = typeof(CausalModels))]
    public void ParameterCount_EveryModel_IsTheReferences(string name)
    {
        var model = Goldens.LoadModel(name);
        model.Weights.Dispose();

        var unused = model.Spec.ModelType == "opt" ? 2 * model.Spec.HiddenSize : 0; // Positions that no token has.
        var golden = Goldens.Json($"{CausalModels.FolderOf(name)}/goldens.json").GetProperty("parameters").GetInt64();
        Assert.Equal(golden - unused, model.ParameterCount);
    }
}
