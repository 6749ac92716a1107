using System.Numerics.Tensors;
using System.Text;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Prompts;
using SoftPromptGrpc.ModelFormats.Safetensors;

namespace SoftPromptGrpc.ModelFormats.Adapters;

/// <summary>
/// Reads prompt-learning adapters as PEFT 0.14 to 0.20 save them. Every size is bounded before memory is taken; nothing in an
/// adapter opens a path, fetches anything or runs.
/// </summary>
public static class PeftAdapterReader
{
    internal const string TensorName = "prompt_embeddings";
    internal const string TaskColumns = "prefix_task_cols";
    internal const string TaskRows = "prefix_task_rows";

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
        var method = fields.ReadMethod();
        using var weights = SafetensorsFile.Parse(files.Find(AdapterFiles.Weights)!);
        CheckNames(weights, method);
        var shape = Shape(weights, TensorName, 2);
        var config = fields.Read(method, shape[0], shape[1]);
        return new PeftAdapter(config, Values(weights, TensorName, config.VirtualTokens * shape[1]), SideFile(files))
        {
            Tasks = method == PromptMethod.MultitaskPromptTuning ? Tasks(weights, config) : null,
        };
    }

    private static void CheckNames(SafetensorsFile weights, PromptMethod method)
    {
        string[] names = method == PromptMethod.MultitaskPromptTuning ? [TensorName, TaskColumns, TaskRows] : [TensorName];
        if (weights.Tensors.Keys.Any(name => !names.Contains(name)))
            throw new SoftPromptException(ErrorKind.Unsupported, $"{AdapterFiles.Weights} holds more than {string.Join(", ", names)}.");
    }

    private static PeftTasks Tasks(SafetensorsFile weights, PeftPromptConfig config)
    {
        var (columns, rows) = (Shape(weights, TaskColumns, 3), Shape(weights, TaskRows, 3));
        if (columns[0] != rows[0] || columns[1] != config.VirtualTokens || columns[2] != rows[1] || rows[2] != config.HiddenSize)
            throw new SoftPromptException(ErrorKind.Invalid, $"{TaskColumns} and {TaskRows} do not fit {TensorName}.");
        return new PeftTasks(
            columns[0], columns[2], Values(weights, TaskColumns, columns[0] * columns[1] * columns[2]),
            Values(weights, TaskRows, rows[0] * rows[1] * rows[2]));
    }

    /// <summary>The file's size is bounded, so its tensors are.</summary>
    private static float[] Values(SafetensorsFile weights, string name, int count)
    {
        var values = new float[count];
        weights.Read(weights.Tensors[name], 0, values);
        return TensorPrimitives.IsFiniteAll<float>(values)
            ? values
            : throw new SoftPromptException(ErrorKind.Invalid, $"A value of {name} is not finite.");
    }

    private static int[] Shape(SafetensorsFile weights, string name, int dimensions)
    {
        if (!weights.Tensors.TryGetValue(name, out var tensor))
            throw new SoftPromptException(ErrorKind.Invalid, $"{AdapterFiles.Weights} has no tensor '{name}'.");
        return tensor.Shape.Count == dimensions && tensor.Shape.All(length => length is > 0 and <= int.MaxValue)
            ? [.. tensor.Shape.Select(length => (int)length)]
            : throw new SoftPromptException(ErrorKind.Invalid, $"{name} must have {dimensions} dimensions, none of them empty.");
    }

    private static string? SideFile(AdapterFiles files)
    {
        if (files.Find(AdapterFiles.SideFile) is not { } bytes)
            return null;
        using var json = BoundedJson.Parse(bytes, AdapterFiles.SideFile);
        return Encoding.UTF8.GetString(bytes);
    }
}
