using System.Numerics.Tensors;
using System.Text;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.ModelFormats.Safetensors;

namespace SoftPromptGrpc.ModelFormats.Adapters;

/// <summary>
/// Reads PROMPT_TUNING adapters as PEFT 0.14 to 0.20 save them. Every size is bounded before memory is taken; nothing in an
/// adapter opens a path, fetches anything or runs.
/// </summary>
public static class PeftAdapterReader
{
    private const string TensorName = "prompt_embeddings";

    /// <exception cref="SoftPromptException">
    /// <see cref="ErrorKind.Corrupt"/>, <see cref="ErrorKind.Invalid"/>, or <see cref="ErrorKind.Unsupported"/>: another PEFT type.
    /// </exception>
    public static PeftAdapter ReadZip(ReadOnlyMemory<byte> zip) => Read(AdapterFiles.FromZip(zip));

    /// <inheritdoc cref="ReadZip"/>
    public static PeftAdapter ReadDirectory(string directory) => Read(AdapterFiles.FromDirectory(directory));

    private static PeftAdapter Read(AdapterFiles files)
    {
        using var json = BoundedJson.Parse(files.Find(AdapterFiles.Config)!, AdapterFiles.Config);
        var fields = new PeftConfigFields(json.RootElement);
        fields.RequirePromptTuning();
        using var weights = SafetensorsFile.Parse(files.Find(AdapterFiles.Weights)!);
        var (rows, width) = Shape(weights);
        var config = fields.Read(rows, width);
        var values = new float[config.VirtualTokens * width];
        weights.Read(weights.Tensors[TensorName], 0, values);
        if (!TensorPrimitives.IsFiniteAll<float>(values))
            throw new SoftPromptException(ErrorKind.Invalid, $"A value of {TensorName} is not finite.");
        return new PeftAdapter(config, values, SideFile(files));
    }

    private static (int Rows, int Width) Shape(SafetensorsFile weights)
    {
        if (!weights.Tensors.TryGetValue(TensorName, out var tensor))
            throw new SoftPromptException(ErrorKind.Invalid, $"{AdapterFiles.Weights} has no tensor '{TensorName}'.");
        if (weights.Tensors.Count > 1)
            throw new SoftPromptException(ErrorKind.Unsupported, $"{AdapterFiles.Weights} holds more than '{TensorName}'.");
        return tensor.Shape is [> 0 and <= int.MaxValue, > 0 and <= int.MaxValue]
            ? ((int)tensor.Shape[0], (int)tensor.Shape[1])
            : throw new SoftPromptException(ErrorKind.Invalid, $"{TensorName} must have two dimensions, neither of them empty.");
    }

    private static string? SideFile(AdapterFiles files)
    {
        if (files.Find(AdapterFiles.SideFile) is not { } bytes)
            return null;
        using var json = BoundedJson.Parse(bytes, AdapterFiles.SideFile);
        return Encoding.UTF8.GetString(bytes);
    }
}
