using System.Buffers.Binary;
using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.ModelFormats.Safetensors;

/// <summary>
/// One safetensors file, mapped into memory or given as bytes. Checked completely when it is opened; safe to read from several
/// threads until it is disposed.
/// </summary>
public sealed class SafetensorsFile : IDisposable
{
    /// <summary>The reference library's own limit.</summary>
    private const int MaxHeaderLength = 100_000_000;

    private const int PrefixLength = 8;

    /// <summary>Elements converted at a time: 2 GiB spans hold no large tensor's bytes.</summary>
    private const int ChunkElements = 1 << 24;

    private readonly ByteSource _bytes;
    private readonly SafetensorsHeader _header;

    private SafetensorsFile(ByteSource bytes) => (_bytes, _header) = (bytes, ReadHeader(bytes));

    public IReadOnlyDictionary<string, TensorEntry> Tensors => _header.Tensors;

    public IReadOnlyDictionary<string, string> Metadata => _header.Metadata;

    /// <exception cref="SoftPromptException"><see cref="ErrorKind.Corrupt"/>, or <see cref="ErrorKind.NotFound"/>.</exception>
    public static SafetensorsFile Open(string path)
    {
        if (!File.Exists(path))
            throw new SoftPromptException(ErrorKind.NotFound, $"There is no file '{Path.GetFileName(path)}'.");
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        if (stream.Length < PrefixLength)
        {
            stream.Dispose();
            throw SafetensorsHeader.Corrupt("it is too short");
        }
        return Own(new MappedFile(stream));
    }

    /// <param name="bytes">A whole file. Not copied: must not change while this reads from it.</param>
    /// <exception cref="SoftPromptException"><see cref="ErrorKind.Corrupt"/>.</exception>
    public static SafetensorsFile Parse(ReadOnlyMemory<byte> bytes) => Own(new MemoryBytes(bytes));

    /// <summary>Converts consecutive elements of a tensor to float32.</summary>
    /// <param name="firstElement">Counted row by row.</param>
    /// <exception cref="SoftPromptException"><see cref="ErrorKind.Unsupported"/>: not F32, F16 or BF16.</exception>
    public void Read(TensorEntry tensor, long firstElement, Span<float> destination)
    {
        if (!TensorTypes.IsReadable(tensor.Type))
            throw new SoftPromptException(
                ErrorKind.Unsupported, $"Tensor '{Quoted.Text(tensor.Name)}' is {tensor.Type}; only F32, F16 and BF16 are read.");
        ArgumentOutOfRangeException.ThrowIfNegative(firstElement);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstElement, tensor.ElementCount - destination.Length);
        var size = TensorTypes.BitsOf(tensor.Type)!.Value / 8;
        while (!destination.IsEmpty)
        {
            var count = Math.Min(destination.Length, ChunkElements);
            TensorTypes.ToFloat32(tensor.Type, _bytes.Slice(tensor.Offset + firstElement * size, count * size), destination[..count]);
            firstElement += count;
            destination = destination[count..];
        }
    }

    /// <summary>A tensor's bytes as they are in the file.</summary>
    /// <param name="offset">From the tensor's first byte.</param>
    public ReadOnlySpan<byte> Bytes(TensorEntry tensor, long offset, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, tensor.ByteCount - count);
        return _bytes.Slice(tensor.Offset + offset, count);
    }

    public void Dispose() => _bytes.Dispose();

    private static SafetensorsFile Own(ByteSource bytes)
    {
        try
        {
            return new SafetensorsFile(bytes);
        }
        catch
        {
            bytes.Dispose();
            throw;
        }
    }

    private static SafetensorsHeader ReadHeader(ByteSource bytes)
    {
        if (bytes.Length < PrefixLength)
            throw SafetensorsHeader.Corrupt("it is too short");
        var length = BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(0, PrefixLength));
        if (length > MaxHeaderLength || (long)length > bytes.Length - PrefixLength)
            throw SafetensorsHeader.Corrupt("its header is longer than the file or than 100 MB");
        var dataStart = PrefixLength + (long)length;
        return SafetensorsHeader.Parse(bytes.Slice(PrefixLength, (int)length), dataStart, bytes.Length - dataStart);
    }
}
