using SoftPromptGrpc.Backends.OnnxRuntime.Export.Onnx;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Export;

/// <summary>A dimension of an input or output: a fixed length, or the name of one that each call decides.</summary>
internal readonly record struct Dimension(int Length, string? Name)
{
    public static implicit operator Dimension(int length) => new(length, null);

    public static implicit operator Dimension(string name) => new(0, name);

    public TensorShapeProto.Types.Dimension ToProto() => Name is null ? new() { DimValue = Length } : new() { DimParam = Name };
}
