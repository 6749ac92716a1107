using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.ModelFormats.Safetensors;

namespace SoftPromptGrpc.ModelFormats.Adapters;

/// <summary>
/// A prompt as a NumPy array [virtual tokens, hidden size], which is how google-research/prompt-tuning keeps it. The format is
/// numpy.lib.format versions 1 to 3, here with little-endian float32 or float16.
/// </summary>
/// <param name="Values">Row by row; all finite.</param>
public sealed partial record NpyPrompt(int VirtualTokens, int HiddenSize, float[] Values)
{
    private const int MaxHeaderLength = 4096;
    private const int Alignment = 64;

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <exception cref="SoftPromptException">
    /// <see cref="ErrorKind.Corrupt"/>, <see cref="ErrorKind.Invalid"/> (pickled objects, not finite) or
    /// <see cref="ErrorKind.Unsupported"/> (another element type, rank or order).
    /// </exception>
    public static NpyPrompt Read(ReadOnlySpan<byte> npy)
    {
        var match = Header().Match(ReadHeader(npy, out var data));
        if (!match.Success)
            throw Corrupt("its header is not the dictionary it should be");
        var (rows, columns, type) = Layout(match);
        var expected = (long)rows * columns * (type == "F32" ? 4 : 2);
        if (data.Length != expected)
            throw Corrupt($"it holds {data.Length} bytes of numbers instead of {expected}");
        var values = new float[rows * columns];
        TensorTypes.ToFloat32(type, data, values);
        return Array.TrueForAll(values, float.IsFinite)
            ? new NpyPrompt(rows, columns, values)
            : throw new SoftPromptException(ErrorKind.Invalid, "The NumPy array holds numbers that are not finite.");
    }

    /// <summary>To the byte as numpy.save writes the prompt's values in float32.</summary>
    public static void Write(SoftPrompt prompt, Stream destination)
    {
        var header = string.Create(CultureInfo.InvariantCulture,
            $"{{'descr': '<f4', 'fortran_order': False, 'shape': ({prompt.VirtualTokens}, {prompt.HiddenSize}), }}");
        var start = Magic.Length + 4;
        var length = (start + header.Length + 1 + Alignment - 1) / Alignment * Alignment - start;
        Span<byte> lengthBytes = stackalloc byte[2];
        BinaryPrimitives.WriteUInt16LittleEndian(lengthBytes, (ushort)length);
        destination.Write([.. Magic, 1, 0, .. lengthBytes]);
        destination.Write(Encoding.ASCII.GetBytes(header.PadRight(length - 1) + "\n"));
        destination.Write(prompt.Bytes);
    }

    private static string ReadHeader(ReadOnlySpan<byte> npy, out ReadOnlySpan<byte> data)
    {
        if (npy.Length < 12 || !npy.StartsWith(Magic) || npy[6] is < 1 or > 3)
            throw Corrupt("it does not begin as one");
        var start = npy[6] == 1 ? 10 : 12;
        var length = npy[6] == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(npy[8..]) : BinaryPrimitives.ReadUInt32LittleEndian(npy[8..]);
        if (length > MaxHeaderLength || length > npy.Length - start)
            throw Corrupt("its header is cut off or too long");
        data = npy[(start + (int)length)..];
        return Encoding.Latin1.GetString(npy.Slice(start, (int)length));
    }

    private static (int Rows, int Columns, string Type) Layout(Match header)
    {
        var type = header.Groups["type"].Value;
        var shape = header.Groups["shape"].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (type.Contains('O', StringComparison.Ordinal))
            throw new SoftPromptException(ErrorKind.Invalid,
                "The NumPy array holds pickled objects. Unpickling runs code that the file chooses, so they are never read.");
        if (type is not ("<f4" or "<f2") || header.Groups["order"].Value != "False" || shape.Length != 2)
            throw new SoftPromptException(ErrorKind.Unsupported,
                "The NumPy array must be [virtual tokens, hidden size] in C order, of '<f4' or '<f2'.");
        return int.TryParse(shape[0], out var rows) && int.TryParse(shape[1], out var columns) && rows > 0 && columns > 0
            && (long)rows * columns <= Array.MaxLength
            ? (rows, columns, type == "<f4" ? "F32" : "F16")
            : throw Corrupt("its shape is out of range");
    }

    private static SoftPromptException Corrupt(string why) => new(ErrorKind.Corrupt, $"Not a valid NumPy array: {why}.");

    [GeneratedRegex(
        @"\A\{\s*'descr':\s*'(?<type>[^']{1,16})',\s*'fortran_order':\s*(?<order>True|False),\s*"
        + @"'shape':\s*\((?<shape>[0-9, ]*)\),?\s*\}\s*\z")]
    private static partial Regex Header();
}
