namespace SoftPromptGrpc.ModelFormats.Safetensors;

/// <summary>Where a safetensors file holds a tensor.</summary>
/// <param name="Type">As the file names it: "F32", "BF16", "BOOL".</param>
/// <param name="Offset">Of the first byte, from the beginning of the file.</param>
public sealed record TensorEntry(string Name, string Type, IReadOnlyList<long> Shape, long Offset, long ByteCount)
{
    public long ElementCount => TensorTypes.BitsOf(Type) is { } bits ? ByteCount * 8 / bits : 0;
}
