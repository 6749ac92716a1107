using System.Runtime.InteropServices;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Paged;

/// <summary>Which rows of a run belong to which sequence, and where the keys and values of each are.</summary>
internal sealed unsafe class PackedBatch : IDisposable
{
    private readonly List<BatchPart> _parts = [];
    // Of one item: enough to keep the keys at hand, few enough for many threads. The result does not depend on it.
    private const int MostItemRows = 16;

    private readonly List<BatchItem> _items = [];
    private readonly List<nint> _blocks = [];
    private NativeBuffer<nint> _table = new(0);

    public int Rows { get; private set; }

    public ReadOnlySpan<BatchPart> Parts => CollectionsMarshal.AsSpan(_parts);

    /// <summary>What one key/value head's work is divided into. Valid after <see cref="Seal"/>.</summary>
    public ReadOnlySpan<BatchItem> Items => CollectionsMarshal.AsSpan(_items);

    /// <summary>Some part is more than one item.</summary>
    public bool IsSplit => _items.Count > _parts.Count;

    /// <summary>Of all parts: <see cref="BatchPart.FirstBlock"/>. Valid after <see cref="Seal"/>.</summary>
    public byte** Blocks => (byte**)_table.Pointer;

    public void Clear()
    {
        _parts.Clear();
        _items.Clear();
        _blocks.Clear();
        Rows = 0;
    }

    /// <param name="blocks">With room for the past and the new positions.</param>
    public void Add(IReadOnlyList<KvBlock> blocks, int past, int count)
    {
        _parts.Add(new(Rows, count, past, _blocks.Count));
        foreach (var block in blocks)
            _blocks.Add((nint)block.Address);
        Rows += count;
    }

    /// <param name="group">Query heads of one key/value head.</param>
    public void Seal(int group)
    {
        for (var part = 0; part < _parts.Count; part++)
        {
            var rows = _parts[part].Count * group;
            for (var row = 0; row < rows; row += MostItemRows)
                _items.Add(new(part, row, Math.Min(MostItemRows, rows - row)));
        }
        if (_table.Length < _blocks.Count)
        {
            _table.Dispose();
            _table = new(2L * _blocks.Count);
        }
        for (var i = 0; i < _blocks.Count; i++)
            _table.Pointer[i] = _blocks[i];
    }

    public void Dispose() => _table.Dispose();
}

/// <summary>New positions of one sequence.</summary>
/// <param name="FirstRow">Of the run.</param>
/// <param name="Past">The sequence's length before.</param>
/// <param name="FirstBlock">In the table of blocks.</param>
internal readonly record struct BatchPart(int FirstRow, int Count, int Past, int FirstBlock);

/// <summary>Rows of one part: a position's query heads, then the next position's.</summary>
/// <param name="FirstRow">Of the part.</param>
internal readonly record struct BatchItem(int Part, int FirstRow, int Count);
