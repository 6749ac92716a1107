namespace SoftPromptGrpc.Backends.OnnxRuntime.Paged;

/// <summary>The keys and values of 16 positions, as <see cref="BlockLayout"/> says.</summary>
internal sealed unsafe class KvBlock(int bytes) : IDisposable
{
    private readonly NativeBuffer<byte> _buffer = new(bytes);

    /// <summary>Sequences and prefixes that have it.</summary>
    public int Users { get; set; }

    /// <summary>Those of them that are prefixes.</summary>
    public int Keepers { get; set; }

    public byte* Address => _buffer.Pointer;

    public void CopyTo(KvBlock target) => _buffer.Slice(0, bytes).CopyTo(target._buffer.Slice(0, bytes));

    public void Dispose() => _buffer.Dispose();
}
