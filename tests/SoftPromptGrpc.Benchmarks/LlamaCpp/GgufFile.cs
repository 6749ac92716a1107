using System.Runtime.InteropServices;
using System.Text;
using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Benchmarks.LlamaCpp;

/// <summary>Writes a GPT-2 as llama.cpp reads it (docs/gguf.md of ggml), in float32 and without a vocabulary.</summary>
internal static class GgufFile
{
    private const int Alignment = 32;

    public static void Write(string path, DecoderSpec spec, IModelWeights weights)
    {
        using var stream = File.Create(path, 1 << 20);
        using var file = new BinaryWriter(stream, Encoding.UTF8);
        Tensor[] tensors = [.. Tensors(spec)];
        (string, object)[] settings =
        [
            ("general.architecture", "gpt2"), ("tokenizer.ggml.model", "no_vocab"), ("gpt2.vocab_size", (uint)spec.VocabularySize),
            ("gpt2.context_length", (uint)spec.ContextLength), ("gpt2.embedding_length", (uint)spec.HiddenSize),
            ("gpt2.block_count", (uint)spec.LayerCount), ("gpt2.feed_forward_length", (uint)spec.MlpSize),
            ("gpt2.attention.head_count", (uint)spec.HeadCount), ("gpt2.attention.layer_norm_epsilon", (float)spec.NormEpsilon),
        ];
        file.Write("GGUF"u8);
        file.Write(3);
        file.Write((long)tensors.Length);
        file.Write((long)settings.Length);
        foreach (var (key, value) in settings)
            WriteSetting(file, key, value);
        WriteTensors(file, tensors, weights);
    }

    private static IEnumerable<Tensor> Tensors(DecoderSpec spec)
    {
        yield return new("token_embd.weight", DecoderTensors.TokenEmbedding);
        yield return new("position_embd.weight", DecoderTensors.PositionEmbedding);
        for (var layer = 0; layer < spec.LayerCount; layer++)
        {
            string[] projections = [DecoderTensors.Query(layer), DecoderTensors.Key(layer), DecoderTensors.Value(layer)];
            foreach (var kind in (string[])["weight", "bias"])
            {
                yield return new($"blk.{layer}.attn_norm.{kind}", $"{DecoderTensors.InputNorm(layer)}.{kind}");
                yield return new($"blk.{layer}.attn_qkv.{kind}", [.. projections.Select(name => $"{name}.{kind}")]);
                yield return new($"blk.{layer}.attn_output.{kind}", $"{DecoderTensors.AttentionOutput(layer)}.{kind}");
                yield return new($"blk.{layer}.ffn_norm.{kind}", $"{DecoderTensors.MlpNorm(layer)}.{kind}");
                yield return new($"blk.{layer}.ffn_up.{kind}", $"{DecoderTensors.Up(layer)}.{kind}");
                yield return new($"blk.{layer}.ffn_down.{kind}", $"{DecoderTensors.Down(layer)}.{kind}");
            }
        }
        yield return new("output_norm.weight", $"{DecoderTensors.FinalNorm}.weight");
        yield return new("output_norm.bias", $"{DecoderTensors.FinalNorm}.bias");
    }

    private static void WriteSetting(BinaryWriter file, string key, object value)
    {
        WriteText(file, key);
        switch (value)
        {
            case uint number:
                file.Write(4);
                file.Write(number);
                break;
            case float number:
                file.Write(6);
                file.Write(number);
                break;
            default:
                file.Write(8);
                WriteText(file, (string)value);
                break;
        }
    }

    private static void WriteTensors(BinaryWriter file, Tensor[] tensors, IModelWeights weights)
    {
        var offset = 0L;
        foreach (var tensor in tensors)
        {
            var shape = tensor.Shape(weights);
            WriteText(file, tensor.Name);
            file.Write(shape.Length);
            foreach (var length in shape.Reverse())
                file.Write(length);
            file.Write(0);
            file.Write(offset);
            offset = Aligned(offset + (sizeof(float) * shape.Aggregate(1L, (count, length) => count * length)));
        }
        foreach (var tensor in tensors)
        {
            Pad(file);
            foreach (var part in tensor.Parts)
            {
                var values = new float[weights.Shape(part).Aggregate(1, (count, length) => count * length)];
                weights.Read(part, values);
                file.Write(MemoryMarshal.AsBytes(values));
            }
        }
    }

    private static long Aligned(long offset) => (offset + Alignment - 1) / Alignment * Alignment;

    private static void Pad(BinaryWriter file) => file.Write(new byte[Aligned(file.BaseStream.Position) - file.BaseStream.Position]);

    private static void WriteText(BinaryWriter file, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        file.Write((long)bytes.Length);
        file.Write(bytes);
    }

    /// <param name="Parts">Of the model, one below the other.</param>
    private sealed record Tensor(string Name, params string[] Parts)
    {
        public long[] Shape(IModelWeights weights)
        {
            long[] shape = [.. weights.Shape(Parts[0]).Select(length => (long)length)];
            shape[0] *= Parts.Length;
            return shape;
        }
    }
}
