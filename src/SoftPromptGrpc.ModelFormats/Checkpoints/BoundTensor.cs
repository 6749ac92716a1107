using System.Buffers;
using System.Numerics.Tensors;
using SoftPromptGrpc.ModelFormats.Families;
using SoftPromptGrpc.ModelFormats.Safetensors;

namespace SoftPromptGrpc.ModelFormats.Checkpoints;

/// <summary>A canonical tensor over the stored one that it is made from: converts, transposes, slices and adds as it reads.</summary>
/// <param name="shape">The canonical shape; a vector is a matrix of one column.</param>
/// <param name="rows">Which rows of the source, transposed if need be; all of them is one block.</param>
/// <param name="added">To every number.</param>
internal sealed class BoundTensor(string name, int[] shape, StoredTensor source, bool transposed, RowBlocks rows, float added)
{
    /// <summary>Source rows that are transposed together, so that each write fills a cache line.</summary>
    private const int TileRows = 16;

    private readonly int _columns = shape.Length > 1 ? shape[1] : 1;

    public string Name => name;

    public IReadOnlyList<int> Shape => shape;

    public StoredTensor Source => source;

    public bool Transposed => transposed;

    public RowBlocks Rows => rows;

    public float Added => added;

    private int SourceRows => rows.Stride * rows.Blocks;

    public void Read(Span<float> destination)
    {
        CheckLength(destination, rows.Count * rows.Blocks * _columns);
        for (var block = 0; block < rows.Blocks; block++)
        {
            var part = destination.Slice(block * rows.Count * _columns, rows.Count * _columns);
            var first = rows.First + block * rows.Stride;
            if (transposed)
                ReadColumns(first, part);
            else
                source.File.Read(source.Entry, (long)first * _columns, part);
        }
        Add(destination);
    }

    public void ReadRow(int row, Span<float> destination)
    {
        CheckLength(destination, _columns);
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, rows.Count * rows.Blocks);
        var (block, offset) = Math.DivRem(row, rows.Count);
        var first = rows.First + block * rows.Stride + offset;
        if (transposed)
            ReadColumns(first, destination);
        else
            source.File.Read(source.Entry, (long)first * _columns, destination);
        Add(destination);
    }

    private void Add(Span<float> destination)
    {
        if (added != 0)
            TensorPrimitives.Add(destination, added, destination);
    }

    /// <summary>Columns of the source from <paramref name="first"/>, as rows.</summary>
    private void ReadColumns(int first, Span<float> destination)
    {
        var count = destination.Length / _columns;
        var tile = ArrayPool<float>.Shared.Rent(TileRows * count);
        for (var start = 0; start < _columns; start += TileRows)
        {
            var height = Math.Min(TileRows, _columns - start);
            for (var i = 0; i < height; i++)
                source.File.Read(source.Entry, (long)(start + i) * SourceRows + first, tile.AsSpan(i * count, count));
            for (var row = 0; row < count; row++)
            {
                for (var i = 0; i < height; i++)
                    destination[row * _columns + start + i] = tile[i * count + row];
            }
        }
        ArrayPool<float>.Shared.Return(tile);
    }

    private static void CheckLength(Span<float> destination, int expected)
    {
        if (destination.Length != expected)
            throw new ArgumentException($"The destination holds {destination.Length} numbers, not {expected}.", nameof(destination));
    }
}
