using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.ModelFormats.Families;

/// <summary>Some layers do not rotate.</summary>
internal sealed class SmolLm3 : IModelFamily
{
    public string ModelType => "smollm3";

    public string Prefix => LlamaLike.Prefix;

    public DecoderSpec ReadSpec(ConfigReader config)
    {
        var attentionBias = config.Flag("attention_bias", false);
        var spec = LlamaLike.ReadSpec(config, ModelType, keyValueHeads: 4, rotary: size => LlamaLike.WholeHead(config, size, 2e6)) with
        {
            AttentionBias = attentionBias,
            AttentionOutputBias = attentionBias,
            MlpBias = config.Flag("mlp_bias", false),
            TiedHead = config.Flag("tie_word_embeddings", true),
        };
        var rotates = Rotates(config, spec.LayerCount);
        var window = config.Flag("use_sliding_window", false) ? config.OptionalCount("sliding_window") : null;
        var sliding = LayerAttentions.Sliding(config, spec.LayerCount, layer => !rotates[layer]);
        return spec.WithLayers([.. sliding.Zip(rotates).Select(layer =>
            new LayerAttention(layer.First ? window : null, layer.Second ? spec.Rotary : null))]);
    }

    public TensorRecipe Locate(DecoderSpec spec, TensorName name) => LlamaLike.Locate(name);

    private static IReadOnlyList<bool> Rotates(ConfigReader config, int layers)
    {
        var interval = config.OptionalCount("no_rope_layer_interval") ?? 4;
        var rotates = config.Flags("no_rope_layers") ?? [.. Enumerable.Range(1, layers).Select(layer => layer % interval != 0)];
        return rotates.Count == layers ? rotates : throw config.Unsupported("no_rope_layers", $"{rotates.Count} layers");
    }
}
