using System.Globalization;
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
    private static readonly string[] OneOfEachFamily =
    [
        "gpt2", "gpt_neox", "llama_tied_rope3", "mistral_sliding", "qwen2", "gpt_neo", "opt", "bloom", "gptj", "phi", "phi3", "gemma",
        "gemma2", "falcon_7b_style", "mpt", "gemma3_text", "qwen3", "smollm3", "olmo2",
    ];

    /// <summary>The one family without a golden checkpoint.</summary>
    private const string Starcoder2 = """
        {
          "model_type": "starcoder2", "vocab_size": 320, "hidden_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
          "num_key_value_heads": 2, "intermediate_size": 96, "max_position_embeddings": 64, "rope_theta": 999.0, "sliding_window": 7
        }
        """;

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
    public void ReadSpec_Starcoder2_SaysWhatItIs() => Assert.Equal(
        new DecoderSpec
        {
            ModelType = "starcoder2",
            VocabularySize = 320,
            HiddenSize = 48,
            LayerCount = 2,
            HeadCount = 4,
            KeyValueHeadCount = 2,
            HeadSize = 12,
            MlpSize = 96,
            ContextLength = 64,
            Norm = NormKind.Layer,
            NormEpsilon = 1e-5,
            Positions = PositionKind.Rotary,
            Rotary = new RotarySpec(999, 12),
            Residual = ResidualKind.Sequential,
            Activation = ActivationKind.GeluTanh,
            GatedMlp = false,
            AttentionBias = true,
            AttentionOutputBias = true,
            MlpBias = true,
            SlidingWindow = 7,
            TiedHead = true,
        },
        Spec(Config("starcoder2")));

    [Theory]
    [InlineData("""{"use_bias":false}""", false, true, 7)]
    [InlineData("""{"tie_word_embeddings":false,"sliding_window":null}""", true, false, null)]
    public void ReadSpec_Starcoder2sSettings_AreRead(string changes, bool bias, bool tied, int? window)
    {
        var spec = Spec(Change(Config("starcoder2"), changes));

        Assert.Equal((bias, bias, bias), (spec.AttentionBias, spec.AttentionOutputBias, spec.MlpBias));
        Assert.Equal((tied, window), (spec.TiedHead, spec.SlidingWindow));
    }

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
    [InlineData("gpt_neo", "tie_word_embeddings", true)]
    [InlineData("opt", "tie_word_embeddings", true)]
    [InlineData("bloom", "tie_word_embeddings", true)]
    [InlineData("gptj", "tie_word_embeddings", false)]
    [InlineData("phi", "tie_word_embeddings", false)]
    [InlineData("phi3", "tie_word_embeddings", false)]
    [InlineData("gemma", "tie_word_embeddings", true)]
    [InlineData("gemma2", "tie_word_embeddings", true)]
    [InlineData("gemma3_text", "tie_word_embeddings", true)]
    [InlineData("falcon_7b_style", "tie_word_embeddings", true)]
    [InlineData("mpt", "tie_word_embeddings", true)]
    [InlineData("qwen3", "tie_word_embeddings", false)]
    [InlineData("smollm3", "tie_word_embeddings", true)]
    [InlineData("olmo2", "tie_word_embeddings", false)]
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
    [InlineData("qwen2", """{"use_sliding_window":true,"sliding_window":7,"max_window_layers":1}""", "full 7")]
    [InlineData("mistral_sliding", """{"layer_types":["full_attention","sliding_attention"]}""", "full 5")]
    [InlineData("gpt_neo", """{"attention_layers":["local","global"]}""", "6 full")]
    [InlineData("gpt_neo", """{"attention_layers":null,"attention_types":[[["global"],1],[["local"],1]]}""", "full 6")]
    [InlineData("gemma2", """{"sliding_window":9}""", "9 full")]
    [InlineData("gemma3_text", """{"layer_types":null,"_sliding_window_pattern":2}""", "5@10000 full@1000000 5@10000")]
    [InlineData("gemma3_text", """{"rope_parameters":null,"rope_local_base_freq":500,"rope_theta":7000}""", "5@500 5@500 full@7000")]
    [InlineData("smollm3", """{}""", "full@2000000 full@none full@2000000")]
    [InlineData("smollm3", """{"no_rope_layers":null,"no_rope_layer_interval":3}""", "full@2000000 full@2000000 full@none")]
    public void ReadSpec_LayersThatDiffer_AreListed(string model, string changes, string layers)
    {
        var spec = Spec(Change(Config(model), changes));

        Assert.NotNull(spec.LayerAttentions);
        Assert.All(layers.Split(' ').Index(), layer =>
        {
            var (window, rotary) = spec.AttentionOf(layer.Index);
            var parts = layer.Item.Split('@');
            Assert.Equal(parts[0], window?.ToString(CultureInfo.InvariantCulture) ?? "full");
            if (parts.Length > 1)
                Assert.Equal(parts[1], rotary?.Base.ToString(CultureInfo.InvariantCulture) ?? "none");
        });
    }

    [Theory]
    [InlineData("falcon_rw_style", 1 / 3.4641016)]
    [InlineData("bloom", 1)]
    [InlineData("mpt", 1)]
    public void ReadSpec_Alibi_IsAddedOnce(string model, double scale) =>
        Assert.Equal(scale, Spec(Config(model)).Alibi!.Scale, 1e-6);

    [Theory]
    [InlineData("gpt2", """{"scale_attn_by_inverse_layer_idx":true}""", "scale_attn_by_inverse_layer_idx")]
    [InlineData("gpt2", """{"scale_attn_weights":false}""", "scale_attn_weights")]
    [InlineData("gpt2", """{"add_cross_attention":true}""", "add_cross_attention")]
    [InlineData("gpt2", """{"activation_function":"mish"}""", "activation_function")]
    [InlineData("gpt2", """{"model_type":"rwkv"}""", "rwkv")]
    [InlineData("llama", """{"rope_scaling":{"rope_type":"yarn","factor":4.0}}""", "rope_scaling.rope_type")]
    [InlineData("llama", """{"rope_scaling":{"type":"dynamic","factor":4.0}}""", "rope_scaling.rope_type")]
    [InlineData("llama", """{"rope_scaling":{"factor":4.0}}""", "rope_type")]
    [InlineData("llama", """{"rope_parameters":{"rope_theta":20000.0}}""", "rope_theta")]
    [InlineData("llama", """{"partial_rotary_factor":0.5}""", "partial_rotary_factor")]
    [InlineData("llama", """{"hidden_act":"mish"}""", "hidden_act")]
    [InlineData("gpt_neox", """{"rotary_pct":0.5}""", "partial_rotary_factor")]
    [InlineData("gpt_neox", """{"rotary_pct":0.2,"partial_rotary_factor":0.2}""", "partial_rotary_factor")]
    [InlineData("mistral_sliding", """{"layer_types":["full_attention","chunked_attention"]}""", "layer_types")]
    [InlineData("mistral_sliding", """{"layer_types":["full_attention"]}""", "layer_types")]
    [InlineData("gpt_neo", """{"attention_layers":["global","linear"]}""", "attention_layers")]
    [InlineData("gpt_neo", """{"attention_layers":["global"]}""", "attention_layers")]
    [InlineData("opt", """{"layer_norm_elementwise_affine":false}""", "layer_norm_elementwise_affine")]
    [InlineData("bloom", """{"n_inner":100}""", "n_inner")]
    [InlineData("gptj", """{"rotary_dim":7}""", "rotary_dim")]
    [InlineData("phi", """{"rope_scaling":{"rope_type":"dynamic","factor":2.0}}""", "rope_scaling.rope_type")]
    [InlineData("phi3", """{"rope_scaling":{"type":"longrope","short_factor":[1],"long_factor":[1]}}""", "rope_scaling.rope_type")]
    [InlineData("gemma2", """{"use_bidirectional_attention":true}""", "use_bidirectional_attention")]
    [InlineData("gemma3_text", """{"hidden_activation":"mish"}""", "hidden_activation")]
    [InlineData("falcon_7b_style", """{"multi_query":false,"num_kv_heads":2}""", "num_kv_heads")]
    [InlineData("falcon_7b_style", """{"num_ln_in_parallel_attn":2}""", "num_ln_in_parallel_attn")]
    [InlineData("falcon_7b_style", """{"new_decoder_architecture":true,"parallel_attn":false}""", "parallel_attn")]
    [InlineData("mpt", """{"attn_config":{"alibi":false}}""", "attn_config.alibi")]
    [InlineData("mpt", """{"attn_config":{"qk_ln":true}}""", "attn_config.qk_ln")]
    [InlineData("mpt", """{"attn_config":{"prefix_lm":true}}""", "attn_config.prefix_lm")]
    [InlineData("mpt", """{"attn_config":{"alibi_bias_max":16}}""", "attn_config.alibi_bias_max")]
    [InlineData("mpt", """{"no_bias":false}""", "no_bias")]
    [InlineData("mpt", """{"logit_scale":0.5}""", "logit_scale")]
    [InlineData("mpt", """{"norm_type":"rmsnorm"}""", "norm_type")]
    [InlineData("smollm3", """{"no_rope_layers":[1,0]}""", "no_rope_layers")]
    [InlineData("olmo2", """{"hidden_act":"mish"}""", "hidden_act")]
    [InlineData("starcoder2", """{"hidden_act":"mish"}""", "hidden_act")]
    [InlineData("starcoder2", """{"rope_scaling":{"rope_type":"yarn","factor":4.0}}""", "rope_scaling.rope_type")]
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

    private static JsonObject Config(string model) => JsonNode.Parse(model == "starcoder2"
        ? Starcoder2
        : File.ReadAllText(Path.Combine(CausalModels.DirectoryOf(model), "config.json")))!.AsObject();

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
