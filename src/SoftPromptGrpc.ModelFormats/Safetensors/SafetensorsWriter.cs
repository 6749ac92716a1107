using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace SoftPromptGrpc.ModelFormats.Safetensors;

/// <param name="Values">Row by row; as many as the shape says.</param>
public sealed record TensorToWrite(string Name, IReadOnlyList<int> Shape, ReadOnlyMemory<float> Values);

/// <summary>Writes float32 tensors to the byte as the reference library does, with PyTorch's metadata.</summary>
public static class SafetensorsWriter
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Write(Stream destination, IEnumerable<TensorToWrite> tensors)
    {
        var sorted = tensors.OrderBy(t => t.Name, StringComparer.Ordinal).ToArray();
        var header = Header(sorted);
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        destination.Write(length);
        destination.Write(header);
        foreach (var tensor in sorted)
            WriteValues(destination, tensor.Values.Span);
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
        var end = offset + 4L * tensor.Values.Length;
        json.WriteStartObject(tensor.Name);
        json.WriteString("dtype", "F32");
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

    private static void WriteValues(Stream destination, ReadOnlySpan<float> values)
    {
        const int Chunk = 1 << 24;
        for (; values.Length > Chunk; values = values[Chunk..])
            destination.Write(MemoryMarshal.AsBytes(values[..Chunk]));
        destination.Write(MemoryMarshal.AsBytes(values));
    }
}
