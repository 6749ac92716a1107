using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace SoftPromptGrpc.Backends.OnnxRuntime;

/// <summary>Owns a piece of native memory, aligned for vectors. Its content is undefined until written.</summary>
internal sealed unsafe class NativeBuffer<T> : IDisposable
    where T : unmanaged
{
    private const nuint Alignment = 64;

    private T* _pointer;

    /// <exception cref="OutOfMemoryException"/>
    public NativeBuffer(long length)
    {
        _pointer = (T*)NativeMemory.AlignedAlloc(checked((nuint)length * (nuint)sizeof(T)), Alignment);
        Length = length;
    }

    public long Length { get; }

    /// <summary>For code that checks its own bounds.</summary>
    public T* Pointer => _pointer;

    public Span<T> Slice(long start, int count)
    {
        Check(start, count);
        return new(_pointer + start, count);
    }

    /// <summary>A tensor over this memory, which must outlive every call that it is bound to.</summary>
    public OrtValue Tensor(long start, params long[] shape)
    {
        var count = 1L;
        foreach (var length in shape)
            count *= length;
        Check(start, count);
        return OrtValue.CreateTensorValueWithData(
            OrtMemoryInfo.DefaultInstance, ElementType, shape, (nint)(_pointer + start), count * sizeof(T));
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_pointer);
        _pointer = null;
    }

    private static TensorElementType ElementType =>
        typeof(T) == typeof(float) ? TensorElementType.Float
        : typeof(T) == typeof(long) ? TensorElementType.Int64
        : typeof(T) == typeof(int) ? TensorElementType.Int32
        : throw new NotSupportedException();

    private void Check(long start, long count)
    {
        ObjectDisposedException.ThrowIf(_pointer is null, this);
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start + count, Length);
    }
}
