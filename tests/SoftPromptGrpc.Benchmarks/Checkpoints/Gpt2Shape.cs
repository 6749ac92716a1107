namespace SoftPromptGrpc.Benchmarks.Checkpoints;

/// <summary>GPT-2's 124 million parameters.</summary>
internal sealed record Gpt2Shape : ICheckpointShape
{
    private const int Hidden = 768;
    private const int Layers = 12;
    private const int Vocabulary = 50257;
    private const int Context = 1024;

    public object Config => new
    {
        model_type = "gpt2",
        n_embd = Hidden,
        n_layer = Layers,
        n_head = 12,
        vocab_size = Vocabulary,
        n_positions = Context,
        layer_norm_epsilon = 1e-5,
        activation_function = "gelu_new",
    };

    public IEnumerable<(string Name, long[] Shape)> Tensors =>
    [
        ("wte.weight", [Vocabulary, Hidden]),
        ("wpe.weight", [Context, Hidden]),
        .. Enumerable.Range(0, Layers).SelectMany(Layer),
        ("ln_f.weight", [Hidden]),
        ("ln_f.bias", [Hidden]),
    ];

    private static IEnumerable<(string Name, long[] Shape)> Layer(int layer)
    {
        (string Name, long[] Shape)[] weights =
        [
            ("ln_1", [Hidden]),
            ("attn.c_attn", [Hidden, 3 * Hidden]),
            ("attn.c_proj", [Hidden, Hidden]),
            ("ln_2", [Hidden]),
            ("mlp.c_fc", [Hidden, 4 * Hidden]),
            ("mlp.c_proj", [4 * Hidden, Hidden]),
        ];
        return weights.SelectMany(weight => ((string, long[])[])
        [
            ($"h.{layer}.{weight.Name}.weight", weight.Shape),
            ($"h.{layer}.{weight.Name}.bias", [weight.Shape[^1]]),
        ]);
    }
}
