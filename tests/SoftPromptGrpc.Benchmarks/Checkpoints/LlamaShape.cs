namespace SoftPromptGrpc.Benchmarks.Checkpoints;

/// <summary>Sizes of a Llama; the defaults are those of TinyLlama 1.1B (Zhang et al. 2024).</summary>
internal sealed record LlamaShape(
    int Hidden = 2048, int Layers = 22, int Heads = 32, int KeyValueHeads = 4, int Mlp = 5632, int Vocabulary = 32000, int Context = 2048)
    : ICheckpointShape
{
    public object Config => new
    {
        model_type = "llama",
        hidden_size = Hidden,
        num_hidden_layers = Layers,
        num_attention_heads = Heads,
        num_key_value_heads = KeyValueHeads,
        intermediate_size = Mlp,
        vocab_size = Vocabulary,
        max_position_embeddings = Context,
        rms_norm_eps = 1e-5,
        hidden_act = "silu",
        bos_token_id = 1,
        eos_token_id = 2,
        tie_word_embeddings = false,
    };

    private int KeyValueWidth => Hidden / Heads * KeyValueHeads;

    public IEnumerable<(string Name, long[] Shape)> Tensors =>
    [
        ("model.embed_tokens.weight", [Vocabulary, Hidden]),
        .. Enumerable.Range(0, Layers).SelectMany(Layer),
        ("model.norm.weight", [Hidden]),
        ("lm_head.weight", [Vocabulary, Hidden]),
    ];

    private IEnumerable<(string Name, long[] Shape)> Layer(int layer)
    {
        (string, long[])[] tensors =
        [
            ("input_layernorm", [Hidden]),
            ("self_attn.q_proj", [Hidden, Hidden]),
            ("self_attn.k_proj", [KeyValueWidth, Hidden]),
            ("self_attn.v_proj", [KeyValueWidth, Hidden]),
            ("self_attn.o_proj", [Hidden, Hidden]),
            ("post_attention_layernorm", [Hidden]),
            ("mlp.gate_proj", [Mlp, Hidden]),
            ("mlp.up_proj", [Mlp, Hidden]),
            ("mlp.down_proj", [Hidden, Mlp]),
        ];
        return tensors.Select(t => ($"model.layers.{layer}.{t.Item1}.weight", t.Item2));
    }
}
