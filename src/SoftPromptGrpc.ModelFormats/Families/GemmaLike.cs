using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.ModelFormats.Families;

/// <summary>What the Gemma families share: scaled embeddings, large heads, norm weights that are stored less one.</summary>
internal static class GemmaLike
{
    public static DecoderSpec ReadSpec(ConfigReader config, string modelType, int keyValueHeads, Func<int, RotarySpec>? rotary = null)
    {
        config.Require("use_bidirectional_attention", false);
        var attentionBias = config.Flag("attention_bias", false);
        var spec = LlamaLike.ReadSpec(config, modelType, keyValueHeads, headSize: 256, rotary) with
        {
            Activation = Activation(config),
            AttentionBias = attentionBias,
            AttentionOutputBias = attentionBias,
            TiedHead = config.Flag("tie_word_embeddings", true),
        };
        return spec with { EmbeddingScale = Math.Sqrt(spec.HiddenSize) };
    }

    /// <summary>What came with Gemma 2: norms on both sides, a scale of its own, soft caps.</summary>
    /// <param name="attentionCap">Where config.json does not say; null is "none" where it does.</param>
    public static DecoderSpec WithSandwich(this DecoderSpec spec, ConfigReader config, double? attentionCap, double? logitCap) => spec with
    {
        Residual = ResidualKind.Sandwich,
        AttentionScale = 1 / Math.Sqrt(config.OptionalNumber("query_pre_attn_scalar") ?? 256),
        AttentionSoftCap = Cap("attn_logit_softcapping", config, attentionCap),
        LogitSoftCap = Cap("final_logit_softcapping", config, logitCap),
    };

    public static TensorRecipe Locate(DecoderSpec spec, TensorName name)
    {
        var recipe = LlamaLike.Locate(spec.Residual == ResidualKind.Sandwich ? LlamaLike.NormsOnBothSides(name) : name);
        return name.Module.EndsWith("norm", StringComparison.Ordinal) ? recipe with { Added = 1 } : recipe;
    }

    /// <summary>Old files say "gelu" in <c>hidden_act</c> and mean its tanh approximation.</summary>
    private static ActivationKind Activation(ConfigReader config) => config.Text("hidden_activation") is null
        && config.Text("hidden_act") is null or "gelu"
        ? ActivationKind.GeluTanh
        : config.Activation(config.Text("hidden_activation") is null ? "hidden_act" : "hidden_activation", "gelu_pytorch_tanh");

    private static double? Cap(string key, ConfigReader config, double? absent) =>
        config.Has(key) ? config.OptionalNumber(key) : absent;
}
