using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.ModelFormats.Families;

/// <summary>Phi-3 and Phi-4: Llama with fused projections.</summary>
internal sealed class Phi3 : IModelFamily
{
    public string ModelType => "phi3";

    public string Prefix => LlamaLike.Prefix;

    public DecoderSpec ReadSpec(ConfigReader config) =>
        LlamaLike.ReadSpec(config, ModelType, rotary: size => RotaryConfig.Read(config, size)) with
        {
            SlidingWindow = config.OptionalCount("sliding_window"),
        };

    public TensorRecipe Locate(DecoderSpec spec, TensorName name)
    {
        var attention = FusedRows.Stacked(spec);
        return name.Module switch
        {
            "self_attn.q_proj" => Part("self_attn.qkv_proj", attention.Queries),
            "self_attn.k_proj" => Part("self_attn.qkv_proj", attention.Keys),
            "self_attn.v_proj" => Part("self_attn.qkv_proj", attention.Values),
            "mlp.gate_proj" => Part("mlp.gate_up_proj", new RowBlocks(0, spec.MlpSize, 2 * spec.MlpSize)),
            "mlp.up_proj" => Part("mlp.gate_up_proj", new RowBlocks(spec.MlpSize, spec.MlpSize, 2 * spec.MlpSize)),
            _ => LlamaLike.Locate(name),
        };

        TensorRecipe Part(string module, RowBlocks rows) => LlamaLike.Locate(name with { Module = module }) with { Rows = rows };
    }
}
