using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace SoftPromptGrpc.Benchmarks.Checkpoints;

/// <summary>Sizes of a Llama; the defaults are those of TinyLlama 1.1B (Zhang et al. 2024).</summary>
internal sealed record LlamaShape(
    int Hidden = 2048, int Layers = 22, int Heads = 32, int KeyValueHeads = 4, int Mlp = 5632, int Vocabulary = 32000, int Context = 2048)
{
    private int KeyValueWidth => Hidden / Heads * KeyValueHeads;

    /// <summary>Names as the checkpoint has them.</summary>
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

/// <summary>Writes a Llama in bfloat16 with random weights, a piece at a time: it may be larger than the memory.</summary>
internal static class RandomLlama
{
    private const double Deviation = 0.02;
    private const int Piece = 1 << 20;

    public static void Write(string directory, LlamaShape shape, int seed)
    {
        Directory.CreateDirectory(directory);
        File.WriteAllText(Path.Combine(directory, "config.json"), JsonSerializer.Serialize(new
        {
            model_type = "llama",
            hidden_size = shape.Hidden,
            num_hidden_layers = shape.Layers,
            num_attention_heads = shape.Heads,
            num_key_value_heads = shape.KeyValueHeads,
            intermediate_size = shape.Mlp,
            vocab_size = shape.Vocabulary,
            max_position_embeddings = shape.Context,
            rms_norm_eps = 1e-5,
            hidden_act = "silu",
            bos_token_id = 1,
            eos_token_id = 2,
            tie_word_embeddings = false,
        }));
        using var file = File.Create(Path.Combine(directory, "model.safetensors"), Piece);
        (string Name, long[] Shape)[] tensors = [.. shape.Tensors];
        WriteHeader(file, tensors);
        var (random, values) = (new Random(seed), Values());
        foreach (var tensor in tensors)
            WriteTensor(file, Count(tensor.Shape), tensor.Shape.Length == 1 ? null : random, values);
    }

    private static long Count(long[] shape) => shape.Aggregate(1L, (count, length) => count * length);

    private static void WriteHeader(FileStream file, (string Name, long[] Shape)[] tensors)
    {
        var (header, offset) = (new Dictionary<string, object>(), 0L);
        foreach (var (name, shape) in tensors)
        {
            var end = offset + (sizeof(ushort) * Count(shape));
            header[name] = new { dtype = "BF16", shape, data_offsets = new[] { offset, end } };
            offset = end;
        }
        var json = JsonSerializer.SerializeToUtf8Bytes(header);
        Span<byte> length = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        file.Write(length);
        file.Write(json);
    }

    /// <param name="random">Null: all ones, as norms begin.</param>
    private static void WriteTensor(FileStream file, long count, Random? random, ushort[] values)
    {
        var piece = new ushort[Piece];
        for (; count > 0; count -= Piece)
        {
            var part = piece.AsSpan(0, (int)Math.Min(count, Piece));
            if (random is null)
                part.Fill(BFloat16(1));
            else
                random.NextBytes(MemoryMarshal.AsBytes(part));
            for (var i = 0; random is not null && i < part.Length; i++)
                part[i] = values[part[i]];
            file.Write(MemoryMarshal.AsBytes(part));
        }
    }

    /// <summary>65536 bfloat16 numbers, evenly spread around 0.</summary>
    private static ushort[] Values()
    {
        var width = Deviation * Math.Sqrt(12);
        return [.. Enumerable.Range(0, 1 << 16).Select(i => BFloat16((float)(((i / 65535.0) - 0.5) * width)))];
    }

    private static ushort BFloat16(float value) => (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16);
}
