namespace SoftPromptGrpc.ModelFormats.Families;

/// <summary>The tensor names that BLOOM and Falcon share.</summary>
internal static class FalconLike
{
    public static TensorRecipe Locate(TensorName name, FusedRows rows)
    {
        return name.Module switch
        {
            "embed_tokens" => new("word_embeddings.weight"),
            "norm" => new($"ln_f.{name.Leaf}"),
            "lm_head" => new("lm_head.weight"),
            "self_attn.q_proj" => Fused(rows.Queries),
            "self_attn.k_proj" => Fused(rows.Keys),
            "self_attn.v_proj" => Fused(rows.Values),
            "self_attn.o_proj" => Layer("self_attention.dense"),
            "mlp.up_proj" => Layer("mlp.dense_h_to_4h"),
            "mlp.down_proj" => Layer("mlp.dense_4h_to_h"),
            var module => Layer(module),
        };

        TensorRecipe Layer(string module) => new($"h.{name.Layer}.{module}.{name.Leaf}");

        TensorRecipe Fused(RowBlocks blocks) => Layer("self_attention.query_key_value") with { Rows = blocks };
    }
}
