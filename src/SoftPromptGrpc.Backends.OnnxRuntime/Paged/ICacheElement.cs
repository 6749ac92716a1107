using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Paged;

/// <summary>In what form keys and values are kept. They are computed with in float32.</summary>
internal unsafe interface ICacheElement
{
    static abstract int Size { get; }

    static abstract Vector256<float> Load(byte* elements, int index);

    /// <summary>Twice as many.</summary>
    static abstract Vector512<float> LoadWide(byte* elements, int index);

    static abstract void Store(byte* elements, int index, float value);
}

internal readonly unsafe struct Float32Element : ICacheElement
{
    public static int Size => sizeof(float);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(byte* elements, int index) => Vector256.Load((float*)elements + index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadWide(byte* elements, int index) => Vector512.Load((float*)elements + index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(byte* elements, int index, float value) => ((float*)elements)[index] = value;
}

/// <summary>The upper half of a float32, rounded to the nearest.</summary>
internal readonly unsafe struct BFloat16Element : ICacheElement
{
    public static int Size => sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(byte* elements, int index)
    {
        var halves = (ushort*)elements + index;
        var wide = Avx2.IsSupported
            ? Avx2.ConvertToVector256Int32(halves)
            : Vector256.Create(Vector128.WidenLower(Vector128.Load(halves)), Vector128.WidenUpper(Vector128.Load(halves))).AsInt32();
        return Vector256.ShiftLeft(wide, 16).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> LoadWide(byte* elements, int index) =>
        Vector512.Create(Load(elements, index), Load(elements, index + Vector256<float>.Count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(byte* elements, int index, float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        // Half of the last place that stays, to even; what is no number must not become infinite.
        var rounded = float.IsNaN(value) ? bits | 0x10000 : bits + 0x7FFF + ((bits >> 16) & 1);
        ((ushort*)elements)[index] = (ushort)(rounded >> 16);
    }
}
