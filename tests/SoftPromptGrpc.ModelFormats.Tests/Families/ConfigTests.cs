using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Fixtures;
using SoftPromptGrpc.ModelFormats.Checkpoints;
using SoftPromptGrpc.ModelFormats.Families;
using SoftPromptGrpc.ModelFormats.Safetensors;

namespace SoftPromptGrpc.ModelFormats.Tests.Families;

public sealed class ConfigTests
{
    private static readonly string[] OneOfEachFamily = ["gpt2", "gpt_neox", "llama_tied_rope3", "mistral_sliding", "qwen2"];

    [Fact]
    public void ReadSpec_Gpt2_SaysWhatItIs() => Assert.Equal(
        new DecoderSpec
        {
            ModelType = "gpt2",
            VocabularySize = 320,
            HiddenSize = 48,
            LayerCount = 2,
            HeadCount = 4,
            KeyValueHeadCount = 4,
            HeadSize = 12,
            MlpSize = 192,
            ContextLength = 64,
            Norm = NormKind.Layer,
            NormEpsilon = 1e-5,
            Positions = PositionKind.Learned,
            Residual = ResidualKind.Sequential,
            Activation = ActivationKind.GeluTanh,
            GatedMlp = false,
            AttentionBias = true,
            AttentionOutputBias = true,
            MlpBias = true,
            TiedHead = true,
        },
        Spec(Config("gpt2")));

    [Fact]
    public void ReadSpec_Llama3_SaysWhatItIs() => Assert.Equal(
        new DecoderSpec
        {
            ModelType = "llama",
            VocabularySize = 320,
            HiddenSize = 48,
            LayerCount = 3,
            HeadCount = 6,
            KeyValueHeadCount = 2,
            HeadSize = 8,
            MlpSize = 80,
            ContextLength = 256,
            Norm = NormKind.Rms,
            NormEpsilon = 1e-6,
            Positions = PositionKind.Rotary,
            Rotary = new RotarySpec(500000, 8, new RotaryScaling(RotaryScalingKind.Llama3, 8, 1, 4, 32)),
            Residual = ResidualKind.Sequential,
            Activation = ActivationKind.Silu,
            GatedMlp = true,
            AttentionBias = false,
            AttentionOutputBias = false,
            MlpBias = false,
            TiedHead = true,
        },
        Spec(Config("llama_tied_rope3")));

    [Fact]
    public void ReadSpec_GptNeoX_SaysWhatItIs() => Assert.Equal(
        new DecoderSpec
        {
            ModelType = "gpt_neox",
            VocabularySize = 320,
            HiddenSize = 64,
            LayerCount = 2,
            HeadCount = 4,
            KeyValueHeadCount = 4,
            HeadSize = 16,
            MlpSize = 128,
            ContextLength = 64,
            Norm = NormKind.Layer,
            NormEpsilon = 1e-5,
            Positions = PositionKind.Rotary,
            Rotary = new RotarySpec(10000, 4),
            Residual = ResidualKind.Parallel,
            Activation = ActivationKind.Gelu,
            GatedMlp = false,
            AttentionBias = true,
            AttentionOutputBias = true,
            MlpBias = true,
            TiedHead = false,
        },
        Spec(Config("gpt_neox")));

    [Fact]
    public void ReadSpec_VariantsOfOneFamily_DifferWhereTheyShould()
    {
        var biased = Spec(Config("llama_headdim_bias"));
        Assert.Equal((16, true, true, true), (biased.HeadSize, biased.AttentionBias, biased.AttentionOutputBias, biased.MlpBias));
        Assert.Equal(new RotarySpec(10000, 16, new RotaryScaling(RotaryScalingKind.Linear, 2)), biased.Rotary);

        var qwen = Spec(Config("qwen2"));
        Assert.Equal((true, false, false, true), (qwen.AttentionBias, qwen.AttentionOutputBias, qwen.MlpBias, qwen.TiedHead));

        var sequential = Spec(Config("gpt_neox_seqres"));
        Assert.Equal((ResidualKind.Sequential, new RotarySpec(5000, 12)), (sequential.Residual, sequential.Rotary));

        Assert.Equal((5, null), (Spec(Config("mistral_sliding")).SlidingWindow, Spec(Config("mistral")).SlidingWindow));
    }

    [Theory]
    [InlineData("gpt2", "tie_word_embeddings", true)]
    [InlineData("llama", "tie_word_embeddings", false)]
    [InlineData("mistral", "tie_word_embeddings", false)]
    [InlineData("qwen2", "tie_word_embeddings", false)]
    [InlineData("gpt_neox", "tie_word_embeddings", false)]
    public void ReadSpec_NothingSaidOfTheHead_TakesTheFamilysDefault(string model, string key, bool tied)
    {
        var config = Config(model);
        config.Remove(key);

        Assert.Equal(tied, Spec(config).TiedHead);
    }

    [Theory]
    [InlineData("""{"use_sliding_window":true,"sliding_window":7,"max_window_layers":0}""", 7)]
    [InlineData("""{"use_sliding_window":true,"sliding_window":7,"max_window_layers":2}""", null)]
    [InlineData("""{"use_sliding_window":true,"sliding_window":7,"layer_types":["sliding_attention","sliding_attention"]}""", 7)]
    [InlineData("""{"use_sliding_window":false,"sliding_window":7,"max_window_layers":0}""", null)]
    public void ReadSpec_Qwen2Window_IsForAllLayersOrNone(string changes, int? window) =>
        Assert.Equal(window, Spec(Change(Config("qwen2"), changes)).SlidingWindow);

    [Theory]
    [InlineData("gpt2", """{"scale_attn_by_inverse_layer_idx":true}""", "scale_attn_by_inverse_layer_idx")]
    [InlineData("gpt2", """{"scale_attn_weights":false}""", "scale_attn_weights")]
    [InlineData("gpt2", """{"add_cross_attention":true}""", "add_cross_attention")]
    [InlineData("gpt2", """{"activation_function":"quick_gelu"}""", "activation_function")]
    [InlineData("gpt2", """{"model_type":"rwkv"}""", "rwkv")]
    [InlineData("llama", """{"rope_scaling":{"rope_type":"yarn","factor":4.0}}""", "rope_scaling.rope_type")]
    [InlineData("llama", """{"rope_scaling":{"type":"dynamic","factor":4.0}}""", "rope_scaling.rope_type")]
    [InlineData("llama", """{"rope_scaling":{"factor":4.0}}""", "rope_type")]
    [InlineData("llama", """{"rope_parameters":{"rope_theta":20000.0}}""", "rope_theta")]
    [InlineData("llama", """{"partial_rotary_factor":0.5}""", "partial_rotary_factor")]
    [InlineData("llama", """{"hidden_act":"mish"}""", "hidden_act")]
    [InlineData("gpt_neox", """{"rotary_pct":0.5}""", "partial_rotary_factor")]
    [InlineData("gpt_neox", """{"rotary_pct":0.2,"partial_rotary_factor":0.2}""", "partial_rotary_factor")]
    [InlineData("qwen2", """{"use_sliding_window":true,"sliding_window":7,"max_window_layers":1}""", "layer_types")]
    [InlineData("mistral_sliding", """{"layer_types":["full_attention","sliding_attention"]}""", "layer_types")]
    public void ReadSpec_SettingBeyondTheSpec_IsUnsupportedByName(string model, string changes, string setting)
    {
        var error = Refusal.Of(ErrorKind.Unsupported, () => Spec(Change(Config(model), changes)));

        Assert.Contains(setting, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("gpt2", """{"n_embd":0}""")]
    [InlineData("gpt2", """{"n_embd":-48}""")]
    [InlineData("gpt2", """{"n_embd":49}""")]
    [InlineData("gpt2", """{"n_layer":1000000000}""")]
    [InlineData("gpt2", """{"n_layer":2.5}""")]
    [InlineData("gpt2", """{"n_layer":"2"}""")]
    [InlineData("gpt2", """{"vocab_size":2147483647}""")]
    [InlineData("gpt2", """{"vocab_size":null}""")]
    [InlineData("gpt2", """{"layer_norm_epsilon":-1}""")]
    [InlineData("gpt2", """{"layer_norm_epsilon":1e400}""")]
    [InlineData("gpt2", """{"model_type":null}""")]
    [InlineData("llama", """{"num_key_value_heads":3}""")]
    [InlineData("llama", """{"head_dim":1000000}""")]
    [InlineData("llama", """{"rope_scaling":"linear"}""")]
    [InlineData("llama", """{"rope_scaling":{"rope_type":"linear"}}""")]
    [InlineData("llama", """{"rope_theta":0}""")]
    [InlineData("qwen2", """{"tie_word_embeddings":"yes"}""")]
    public void ReadSpec_ValueOutOfRange_IsCorrupt(string model, string changes) =>
        Refusal.Of(ErrorKind.Corrupt, () => Spec(Change(Config(model), changes)));

    [Fact]
    public void Load_ConfigOfRandomChanges_LoadsOrRefuses()
    {
        string[] values =
        [
            "null", "true", "false", "0", "1", "-1", "3", "48", "64", "2147483647", "2147483648", "1e308", "1e999", "0.5",
            "\"\"", "\"yarn\"", "\"llama\"", "[]", "[1]", "[\"x\"]", "{}",
            "{\"rope_type\":\"linear\"}", "{\"rope_type\":\"linear\",\"factor\":4}",
        ];
        var configs = OneOfEachFamily.ToDictionary(n => n, n => Config(n).ToJsonString());
        var checkpoints = OneOfEachFamily.ToDictionary(n => n, n => SafetensorsCheckpoint.Open(CausalModels.DirectoryOf(n)));
        var changes = Gen.Select(
            Gen.Int[0, OneOfEachFamily.Length - 1],
            Gen.Select(Gen.Int[0, 40], Gen.Int[0, values.Length - 1]).Array[1, 4]);
        var outcomes = new HashSet<bool>();

        changes.Sample(
            (which, list) =>
            {
                var model = OneOfEachFamily[which];
                var config = JsonNode.Parse(configs[model])!.AsObject();
                foreach (var (at, value) in list)
                    config[config.ElementAt(at % config.Count).Key] = JsonNode.Parse(values[value]);
                outcomes.Add(Refusal.OrSuccess(() =>
                {
                    using var json = BoundedJson.Parse(JsonSerializer.SerializeToUtf8Bytes(config), "config.json");
                    var reader = new ConfigReader(json.RootElement);
                    var family = ModelFamilies.Of(reader);
                    _ = new CheckpointWeights(checkpoints[model], family, family.ReadSpec(reader));
                }));
            },
            iter: 5_000, threads: 1);

        Assert.Equal(2, outcomes.Count);
        checkpoints.Values.ToList().ForEach(c => c.Dispose());
    }

    private static JsonObject Config(string model) =>
        JsonNode.Parse(File.ReadAllText(Path.Combine(CausalModels.DirectoryOf(model), "config.json")))!.AsObject();

    private static JsonObject Change(JsonObject config, string changes)
    {
        foreach (var (key, value) in JsonNode.Parse(changes)!.AsObject())
            config[key] = value?.DeepClone();
        return config;
    }

    private static DecoderSpec Spec(JsonObject config)
    {
        using var json = JsonDocument.Parse(config.ToJsonString());
        var reader = new ConfigReader(json.RootElement);
        return Assert.IsType<DecoderSpec>(ModelFamilies.Of(reader).ReadSpec(reader));
    }
}
