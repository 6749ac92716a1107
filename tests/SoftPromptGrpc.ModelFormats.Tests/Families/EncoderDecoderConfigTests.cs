using System.Text.Json;
using System.Text.Json.Nodes;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Fixtures;
using SoftPromptGrpc.ModelFormats.Checkpoints;
using SoftPromptGrpc.ModelFormats.Families;
using SoftPromptGrpc.ModelFormats.Safetensors;

namespace SoftPromptGrpc.ModelFormats.Tests.Families;

public sealed class EncoderDecoderConfigTests
{
    [Fact]
    public void ReadSpec_FirstT5_SaysWhatItIs() => Assert.Equal(
        new EncoderDecoderSpec
        {
            ModelType = "t5",
            VocabularySize = 320,
            HiddenSize = 48,
            LayerCount = 2,
            DecoderLayerCount = 2,
            HeadCount = 4,
            HeadSize = 12,
            MlpSize = 96,
            ContextLength = 2048,
            Norm = NormKind.Rms,
            NormEpsilon = 1e-6,
            PostNorm = false,
            EmbeddingNorm = false,
            RelativePositions = new RelativePositions(8, 16),
            Activation = ActivationKind.Relu,
            GatedMlp = false,
            Bias = false,
            AttentionScale = 1,
            TiedHead = true,
            HeadScale = Math.Pow(48, -0.5),
            DecoderStart = 0,
        },
        Spec(Config("t5_v1_0")));

    [Fact]
    public void ReadSpec_LaterT5_SaysWhatItIs()
    {
        var spec = Spec(Config("t5_v1_1"));

        Assert.Equal((2, 3, 16, 80), (spec.LayerCount, spec.DecoderLayerCount, spec.HeadSize, spec.MlpSize));
        Assert.Equal((ActivationKind.GeluTanh, true, false, 1), (spec.Activation, spec.GatedMlp, spec.TiedHead, spec.HeadScale));
    }

    [Fact]
    public void ReadSpec_Bart_SaysWhatItIs()
    {
        var spec = Spec(Config("bart"));

        Assert.Equal((64, 12, 96, 2), (spec.ContextLength, spec.HeadSize, spec.MlpSize, spec.DecoderStart));
        Assert.Equal((NormKind.Layer, true, true, true, true), (spec.Norm, spec.PostNorm, spec.EmbeddingNorm, spec.Bias, spec.HeadBias));
        Assert.Null(spec.RelativePositions);
    }

    [Theory]
    [InlineData("t5_v1_0", """{"feed_forward_proj":"gated-silu","dense_act_fn":null,"is_gated_act":null}""", ActivationKind.Silu, true)]
    [InlineData("t5_v1_0", """{"feed_forward_proj":"gated-gelu","dense_act_fn":null,"is_gated_act":null}""", ActivationKind.GeluTanh, true)]
    [InlineData("t5_v1_1", """{"feed_forward_proj":null,"dense_act_fn":null,"is_gated_act":null}""", ActivationKind.Relu, false)]
    public void ReadSpec_T5sMlp_IsReadFromItsName(string model, string changes, ActivationKind activation, bool gated)
    {
        var spec = Spec(Change(Config(model), changes));

        Assert.Equal((activation, gated), (spec.Activation, spec.GatedMlp));
    }

    [Theory]
    [InlineData("t5_v1_0", """{"dense_act_fn":"mish"}""", "dense_act_fn")]
    [InlineData("bart", """{"decoder_attention_heads":2}""", "decoder_attention_heads")]
    [InlineData("bart", """{"decoder_ffn_dim":48}""", "decoder_ffn_dim")]
    [InlineData("bart", """{"tie_word_embeddings":false}""", "tie_word_embeddings")]
    public void ReadSpec_SettingBeyondTheSpec_IsUnsupportedByName(string model, string changes, string setting)
    {
        var error = Refusal.Of(ErrorKind.Unsupported, () => Spec(Change(Config(model), changes)));

        Assert.Contains(setting, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("t5_v1_0", """{"relative_attention_num_buckets":2}""")]
    [InlineData("t5_v1_0", """{"relative_attention_max_distance":4}""")]
    [InlineData("t5_v1_0", """{"decoder_start_token_id":null}""")]
    [InlineData("t5_v1_0", """{"d_kv":0}""")]
    [InlineData("bart", """{"d_model":47}""")]
    public void ReadSpec_ValueOutOfRange_IsCorrupt(string model, string changes) =>
        Refusal.Of(ErrorKind.Corrupt, () => Spec(Change(Config(model), changes)));

    [Theory]
    [MemberData(nameof(EncoderDecoderGoldens.All), MemberType = typeof(EncoderDecoderGoldens))]
    public void Locate_EveryModel_UsesEveryTensorOfTheCheckpoint(string name)
    {
        using var checkpoint = SafetensorsCheckpoint.Open(CausalModels.DirectoryOf(name));
        using var weights = (CheckpointWeights)Goldens.LoadModel(name).Weights;

        var used = weights.Tensors.Select(t => t.Source.Entry.Name).Distinct();

        Assert.Equal(checkpoint.Tensors.Keys.Order(StringComparer.Ordinal), used.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Load_GenerationConfigThatForcesTokens_SaysSo()
    {
        using var directory = new CopiedCheckpoint("bart");
        File.WriteAllText(directory.File("generation_config.json"), """{"forced_bos_token_id":0,"forced_eos_token_id":2,"eos_token_id":2}""");

        var forced = ModelLoader.Load("bart", directory.Path);
        using var weights = forced.Weights;

        Assert.Equal((0, true), (forced.OutputBeginning, forced.ForcesEndOfOutput));
    }

    private static JsonObject Config(string model) =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(CausalModels.DirectoryOf(model), "config.json")))!.AsObject();

    private static JsonObject Change(JsonObject config, string changes)
    {
        foreach (var (key, value) in JsonNode.Parse(changes)!.AsObject())
            config[key] = value?.DeepClone();
        return config;
    }

    private static EncoderDecoderSpec Spec(JsonObject config)
    {
        using var json = JsonDocument.Parse(config.ToJsonString());
        var reader = new ConfigReader(json.RootElement);
        return Assert.IsType<EncoderDecoderSpec>(ModelFamilies.Of(reader).ReadSpec(reader));
    }

    private sealed class CopiedCheckpoint : IDisposable
    {
        private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("softprompt-checkpoint-");

        public CopiedCheckpoint(string model)
        {
            foreach (var name in new[] { "config.json", "model.safetensors" })
                System.IO.File.Copy(System.IO.Path.Combine(CausalModels.DirectoryOf(model), name), File(name));
        }

        public string Path => _directory.FullName;

        public string File(string name) => System.IO.Path.Combine(Path, name);

        public void Dispose() => _directory.Delete(recursive: true);
    }
}
