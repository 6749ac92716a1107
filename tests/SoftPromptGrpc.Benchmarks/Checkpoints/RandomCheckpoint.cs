using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace SoftPromptGrpc.Benchmarks.Checkpoints;

/// <summary>What a checkpoint holds.</summary>
internal interface ICheckpointShape
{
    /// <summary>What config.json says.</summary>
    object Config { get; }

    /// <summary>Names as the checkpoint has them.</summary>
    IEnumerable<(string Name, long[] Shape)> Tensors { get; }
}

/// <summary>Writes a checkpoint in bfloat16 with random weights, a piece at a time: it may be larger than the memory.</summary>
internal static class RandomCheckpoint
{
    private const double Deviation = 0.02;
    private const int Piece = 1 << 20;

    public static void Write(string directory, ICheckpointShape shape, int seed)
    {
        Directory.CreateDirectory(directory);
        File.WriteAllText(Path.Combine(directory, "config.json"), JsonSerializer.Serialize(shape.Config));
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
