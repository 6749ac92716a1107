using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.ModelFormats.Families;
using SoftPromptGrpc.ModelFormats.Safetensors;

namespace SoftPromptGrpc.ModelFormats.Checkpoints;

/// <summary>The canonical tensors of a checkpoint, each found and its shape checked. Owns the checkpoint's files.</summary>
internal sealed class CheckpointWeights : IModelWeights
{
    private readonly SafetensorsCheckpoint _checkpoint;
    private readonly Dictionary<string, BoundTensor> _tensors;

    /// <exception cref="SoftPromptException">A tensor is missing, or its shape or type is not what the spec needs.</exception>
    public CheckpointWeights(SafetensorsCheckpoint checkpoint, IFamily family, ModelSpec spec)
    {
        _checkpoint = checkpoint;
        Tensors = [.. spec.Tensors().Select(t => Bind(family, spec, t.Name, t.Shape))];
        _tensors = Tensors.ToDictionary(t => t.Name, StringComparer.Ordinal);
    }

    /// <summary>In the order of <see cref="ModelSpec.Tensors"/>.</summary>
    public IReadOnlyList<BoundTensor> Tensors { get; }

    /// <inheritdoc cref="SafetensorsCheckpoint.FileNames"/>
    public IReadOnlyList<string> FileNames => _checkpoint.FileNames;

    public IReadOnlyList<int> Shape(string name) => _tensors[name].Shape;

    public WeightPrecision PrecisionOf(string name) => TensorTypes.PrecisionOf(_tensors[name].Source.Entry.Type);

    public void Read(string name, Span<float> destination) => _tensors[name].Read(destination);

    public void ReadRow(string name, int row, Span<float> destination) => _tensors[name].ReadRow(row, destination);

    public void Dispose() => _checkpoint.Dispose();

    private BoundTensor Bind(IFamily family, ModelSpec spec, string name, int[] shape)
    {
        var recipe = family.Locate(spec, TensorName.Parse(name));
        if (!_checkpoint.Tensors.TryGetValue(family.Prefix + recipe.Source, out var stored)
            && !_checkpoint.Tensors.TryGetValue(recipe.Source, out stored))
            throw new SoftPromptException(ErrorKind.Corrupt, $"The checkpoint has no tensor '{recipe.Source}'.");
        if (shape.Aggregate(1L, (count, size) => count * size) > Array.MaxLength)
            throw new SoftPromptException(ErrorKind.Unsupported, $"Tensor '{recipe.Source}' is too large.");
        if (!TensorTypes.IsReadable(stored.Entry.Type))
            throw new SoftPromptException(
                ErrorKind.Unsupported, $"Tensor '{recipe.Source}' is {stored.Entry.Type}; only F32, F16 and BF16 are read.");
        var rows = recipe.Rows ?? new RowBlocks(0, shape[0], shape[0]);
        long[] expected = [rows.Stride * rows.Blocks, .. shape.Skip(1)];
        if (recipe.Transposed)
            Array.Reverse(expected);
        if (!stored.Entry.Shape.SequenceEqual(expected))
            throw new SoftPromptException(ErrorKind.Corrupt,
                $"Tensor '{recipe.Source}' is [{string.Join(", ", stored.Entry.Shape)}]; "
                + $"config.json asks for [{string.Join(", ", expected)}].");
        return new BoundTensor(name, shape, stored, recipe.Transposed, rows, recipe.Added);
    }
}
