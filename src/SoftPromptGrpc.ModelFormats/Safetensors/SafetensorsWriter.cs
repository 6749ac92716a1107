using System.Buffers;
using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace SoftPromptGrpc.ModelFormats.Safetensors;

/// <param name="Values">Row by row; as many as the shape says.</param>
/// <param name="Half">As float16, rounded to the nearest, instead of float32.</param>
public sealed record TensorToWrite(string Name, IReadOnlyList<int> Shape, ReadOnlyMemory<float> Values, bool Half = false)
{
    internal int ElementSize => Half ? 2 : 4;
}

/// <summary>Writes tensors to the byte as the reference library does, with PyTorch's metadata.</summary>
public static class SafetensorsWriter
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Write(Stream destination, IEnumerable<TensorToWrite> tensors)
    {
        var sorted = tensors.OrderByDescending(t => t.ElementSize).ThenBy(t => t.Name, StringComparer.Ordinal).ToArray();
        var header = Header(sorted);
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        destination.Write(length);
        destination.Write(header);
        foreach (var tensor in sorted)
        {
            if (tensor.Half)
                WriteHalves(destination, tensor.Values.Span);
            else
                WriteValues(destination, tensor.Values.Span);
        }
    }

    private static byte[] Header(TensorToWrite[] tensors)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            json.WriteString("format", "pt");
            json.WriteEndObject();
            var offset = 0L;
            foreach (var tensor in tensors)
                offset = WriteEntry(json, tensor, offset);
            json.WriteEndObject();
        }
        var padded = new byte[(buffer.WrittenCount + 7) / 8 * 8];
        padded.AsSpan().Fill((byte)' ');
        buffer.WrittenSpan.CopyTo(padded);
        return padded;
    }

    private static long WriteEntry(Utf8JsonWriter json, TensorToWrite tensor, long offset)
    {
        if (tensor.Shape.Aggregate(1L, (count, size) => count * size) != tensor.Values.Length)
            throw new ArgumentException($"The values of '{tensor.Name}' do not fill its shape.", nameof(tensor));
        var end = offset + (long)tensor.ElementSize * tensor.Values.Length;
        json.WriteStartObject(tensor.Name);
        json.WriteString("dtype", tensor.Half ? "F16" : "F32");
        json.WriteStartArray("shape");
        foreach (var size in tensor.Shape)
            json.WriteNumberValue(size);
        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(offset);
        json.WriteNumberValue(end);
        json.WriteEndArray();
        json.WriteEndObject();
        return end;
    }

    private static void WriteHalves(Stream destination, ReadOnlySpan<float> values)
    {
        var halves = new Half[Math.Min(values.Length, 1 << 20)];
        while (values.Length > 0)
        {
            var chunk = values[..Math.Min(values.Length, halves.Length)];
            TensorPrimitives.ConvertToHalf(chunk, halves);
            destination.Write(MemoryMarshal.AsBytes(halves.AsSpan(0, chunk.Length)));
            values = values[chunk.Length..];
        }
    }

    private static void WriteValues(Stream destination, ReadOnlySpan<float> values)
    {
        const int Chunk = 1 << 24;
        for (; values.Length > Chunk; values = values[Chunk..])
            destination.Write(MemoryMarshal.AsBytes(values[..Chunk]));
        destination.Write(MemoryMarshal.AsBytes(values));
    }
}
