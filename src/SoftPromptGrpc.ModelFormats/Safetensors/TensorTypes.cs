using System.Collections.Frozen;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.ModelFormats.Safetensors;

/// <summary>The element types of the safetensors format, and how the floating-point ones become float32.</summary>
internal static class TensorTypes
{
    private static readonly FrozenDictionary<string, int> Bits = new (int Bits, string[] Types)[]
    {
        (4, ["F4"]),
        (6, ["F6_E2M3", "F6_E3M2"]),
        (8, ["BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0"]),
        (16, ["U16", "I16", "F16", "BF16"]),
        (32, ["U32", "I32", "F32"]),
        (64, ["U64", "I64", "F64", "C64"]),
    }.SelectMany(g => g.Types.Select(t => (t, g.Bits))).ToFrozenDictionary(p => p.t, p => p.Bits, StringComparer.Ordinal);

    public static int? BitsOf(string type) => Bits.TryGetValue(type, out var bits) ? bits : null;

    public static bool IsReadable(string type) => type is "F32" or "F16" or "BF16";

    /// <param name="type">One that <see cref="IsReadable"/> accepts.</param>
    public static WeightPrecision PrecisionOf(string type) => type switch
    {
        "F16" => WeightPrecision.Half,
        "BF16" => WeightPrecision.BFloat16,
        _ => WeightPrecision.Full,
    };

    /// <param name="type">One that <see cref="IsReadable"/> accepts.</param>
    /// <param name="source">Little-endian, not necessarily aligned; as many elements as the destination.</param>
    public static void ToFloat32(string type, ReadOnlySpan<byte> source, Span<float> destination)
    {
        if (type == "F32")
            source.CopyTo(MemoryMarshal.AsBytes(destination));
        else if (type == "F16")
            TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(source), destination);
        else
            FromBFloat16(MemoryMarshal.Cast<byte, ushort>(source), destination);
    }

    private static void FromBFloat16(ReadOnlySpan<ushort> source, Span<float> destination)
    {
        for (var i = 0; i < source.Length; i++)
            destination[i] = BitConverter.UInt32BitsToSingle((uint)source[i] << 16);
    }
}
