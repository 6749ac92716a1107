using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Export;

/// <summary>
/// The file beside the graph that holds the initializers, written front to back. Each begins on a page, so that ONNX Runtime can
/// map it into memory.
/// </summary>
internal sealed class WeightFile : IWeightSink, IDisposable
{
    private const int Page = 4096;

    private readonly FileStream _stream;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public WeightFile(string path) =>
        _stream = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1 << 20);

    /// <summary>Without its directory.</summary>
    public string Name => Path.GetFileName(_stream.Name);

    /// <summary>Bytes written so far.</summary>
    public long Length { get; private set; }

    /// <summary>Moves to where the next tensor may begin.</summary>
    public void Align()
    {
        Span<byte> zeros = stackalloc byte[Page];
        zeros.Clear();
        WriteBytes(zeros[..(int)((Page - Length % Page) % Page)]);
    }

    public void Write(ReadOnlySpan<float> values) => Write<float>(values);

    public void Write<T>(ReadOnlySpan<T> values)
        where T : unmanaged => WriteBytes(MemoryMarshal.AsBytes(values));

    /// <summary>Makes the file durable and returns what it now is.</summary>
    public ExportedFile Complete()
    {
        _stream.Flush(flushToDisk: true);
        return new(Name, Length, Convert.ToHexStringLower(_hash.GetHashAndReset()));
    }

    public void Dispose()
    {
        _stream.Dispose();
        _hash.Dispose();
    }

    private void WriteBytes(ReadOnlySpan<byte> bytes)
    {
        _stream.Write(bytes);
        _hash.AppendData(bytes);
        Length += bytes.Length;
    }
}
