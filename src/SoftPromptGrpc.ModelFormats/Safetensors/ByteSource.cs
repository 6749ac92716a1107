namespace SoftPromptGrpc.ModelFormats.Safetensors;

/// <summary>Bytes of a file, mapped or in memory. May be longer than a span can be.</summary>
internal abstract class ByteSource : IDisposable
{
    public abstract long Length { get; }

    public abstract ReadOnlySpan<byte> Slice(long offset, int count);

    public abstract void Dispose();
}

internal sealed class MemoryBytes(ReadOnlyMemory<byte> bytes) : ByteSource
{
    public override long Length => bytes.Length;

    public override ReadOnlySpan<byte> Slice(long offset, int count) => bytes.Span.Slice(checked((int)offset), count);

    public override void Dispose()
    {
    }
}
