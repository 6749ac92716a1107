using System.Numerics;
using Microsoft.Extensions.Logging;
using Microsoft.ML.OnnxRuntime;
using SoftPromptGrpc.Backends.OnnxRuntime.Export;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Backends.OnnxRuntime;

/// <summary>
/// Keys and values of the open sequences: for each layer two buffers [slots, heads, positions, headSize], each of which a step
/// extends in place. Starts empty and grows as sequences ask for room.
/// </summary>
internal sealed class KvCache(CacheShape shape, int maxSlots, long maxBytes, ILogger logger) : IDisposable
{
    private const int LeastPositions = 64;

    private readonly int _headSize = shape.Layout.Size;
    private NativeBuffer<float>[] _buffers = [];

    public int Slots { get; private set; }

    public int Positions { get; private set; }

    /// <summary>Makes room, and keeps what the slots hold.</summary>
    /// <param name="positions">For each slot: what its sequence or the most demanding one needs.</param>
    /// <param name="lengths">Positions in use of slots 0, 1, ...; at most <paramref name="slots"/> of them.</param>
    /// <returns>Whether the buffers moved: every tensor over them is stale then.</returns>
    /// <exception cref="SoftPromptException"><see cref="ErrorKind.Overloaded"/>: it would take more memory than allowed.</exception>
    public bool Reserve(int slots, int positions, ReadOnlySpan<int> lengths)
    {
        if (slots <= Slots && positions <= Positions)
            return false;
        var roomySlots = Math.Min(maxSlots, RoundUp(Math.Max(slots, Slots)));
        var roomyPositions = Math.Min(shape.MostPositions, RoundUp(Math.Max(Math.Max(positions, Positions), LeastPositions)));
        if (Bytes(roomySlots, roomyPositions) <= maxBytes)
            Resize(roomySlots, roomyPositions, lengths);
        else if (Bytes(slots, positions) <= maxBytes)
            Resize(slots, positions, lengths);
        else
            throw Full();
        return true;
    }

    /// <summary>Begins a slot with a prefix's keys and values, in the layout that the graph leaves its own in.</summary>
    public void Fill(int slot, KeyValuePrefix prefix)
    {
        for (var layer = 0; layer < shape.LayerCount; layer++)
        {
            Fill(_buffers[2 * layer], slot, prefix.LayerKeys(layer).Span, prefix.VirtualTokens, shape.Layout.QueryKey);
            Fill(_buffers[2 * layer + 1], slot, prefix.LayerValues(layer).Span, prefix.VirtualTokens, shape.Layout.Value);
        }
    }

    /// <summary>Begins a slot with one layer's keys and values of a whole sequence.</summary>
    /// <param name="rows">[length, 2 * heads * headSize]: a position's keys and then its values, head by head.</param>
    public void Fill(int slot, int layer, ReadOnlySpan<float> rows, int length)
    {
        for (var part = 0; part < 2 * shape.HeadCount * length; part++)
        {
            var (position, (half, head)) = (part / (2 * shape.HeadCount), Math.DivRem(part % (2 * shape.HeadCount), shape.HeadCount));
            var target = _buffers[2 * layer + half].Slice(Start(slot, head, Positions) + (long)position * _headSize, _headSize);
            rows.Slice(part * _headSize, _headSize).CopyTo(target);
        }
    }

    /// <summary>Copies what a slot holds: for each buffer [heads, length, headSize].</summary>
    public NativeBuffer<float> Save(int slot, int length)
    {
        var saved = new NativeBuffer<float>(_buffers.Length * Start(1, 0, length));
        for (var i = 0; i < _buffers.Length; i++)
            Copy(_buffers[i], slot, Positions, saved, i, length, length);
        return saved;
    }

    /// <summary>Begins a slot with what <see cref="Save"/> gave.</summary>
    public void Load(NativeBuffer<float> saved, int slot, int length)
    {
        for (var i = 0; i < _buffers.Length; i++)
            Copy(saved, i, length, _buffers[i], slot, Positions, length);
    }

    /// <summary>Copies a sequence to another slot.</summary>
    public void Move(int from, int to, int length)
    {
        foreach (var buffer in _buffers)
            Copy(buffer, from, Positions, buffer, to, Positions, length);
    }

    public void Swap(int left, int right, int length)
    {
        var (count, kept) = (length * _headSize, new float[length * _headSize]);
        foreach (var buffer in _buffers)
        {
            for (var head = 0; head < shape.HeadCount; head++)
            {
                var a = buffer.Slice(Start(left, head, Positions), count);
                var b = buffer.Slice(Start(right, head, Positions), count);
                a.CopyTo(kept);
                b.CopyTo(a);
                kept.CopyTo(b);
            }
        }
    }

    /// <summary>The keys of some neighbouring slots: [count, heads, positions, headSize].</summary>
    public OrtValue Keys(int layer, int slot, int count) => Tensor(_buffers[2 * layer], slot, count);

    /// <inheritdoc cref="Keys"/>
    public OrtValue Values(int layer, int slot, int count) => Tensor(_buffers[2 * layer + 1], slot, count);

    public void Dispose()
    {
        foreach (var buffer in _buffers)
            buffer.Dispose();
        (_buffers, Slots, Positions) = ([], 0, 0);
    }

    /// <param name="source">[heads, length, the model's head size].</param>
    private void Fill(NativeBuffer<float> target, int slot, ReadOnlySpan<float> source, int length, int[] layout)
    {
        for (var row = 0; row < shape.HeadCount * length; row++)
        {
            var from = source.Slice(row * shape.HeadSize, shape.HeadSize);
            var to = target.Slice(Start(slot, row / length, Positions) + (long)(row % length) * _headSize, _headSize);
            for (var i = 0; i < to.Length; i++)
                to[i] = layout[i] == HeadLayout.Zero ? 0 : from[layout[i]];
        }
    }

    private void Resize(int slots, int positions, ReadOnlySpan<int> lengths)
    {
        var buffers = Allocate(slots, positions);
        for (var i = 0; i < _buffers.Length; i++)
        {
            for (var slot = 0; slot < lengths.Length; slot++)
                Copy(_buffers[i], slot, Positions, buffers[i], slot, positions, lengths[slot]);
            _buffers[i].Dispose();
        }
        (_buffers, Slots, Positions) = (buffers, slots, positions);
        logger.CacheResized(slots, positions, Bytes(slots, positions));
    }

    private NativeBuffer<float>[] Allocate(int slots, int positions)
    {
        var buffers = new List<NativeBuffer<float>>();
        try
        {
            while (buffers.Count < 2 * shape.LayerCount)
                buffers.Add(new(Start(slots, 0, positions)));
            return [.. buffers];
        }
        catch (OutOfMemoryException)
        {
            foreach (var buffer in buffers)
                buffer.Dispose();
            throw Full();
        }
    }

    private void Copy(
        NativeBuffer<float> source, int from, int sourcePositions, NativeBuffer<float> target, int to, int targetPositions, int length)
    {
        for (var head = 0; head < shape.HeadCount; head++)
        {
            source.Slice(Start(from, head, sourcePositions), length * _headSize)
                .CopyTo(target.Slice(Start(to, head, targetPositions), length * _headSize));
        }
    }

    private OrtValue Tensor(NativeBuffer<float> buffer, int slot, int count) =>
        buffer.Tensor(Start(slot, 0, Positions), count, shape.HeadCount, Positions, _headSize);

    /// <summary>Of so many positions of one sequence.</summary>
    public long BytesOf(int positions) => shape.BytesPerPosition * positions;

    private long Start(int slot, int head, int positions) =>
        ((long)slot * shape.HeadCount + head) * positions * _headSize;

    private long Bytes(int slots, int positions) => 2L * shape.LayerCount * sizeof(float) * Start(slots, 0, positions);

    private static int RoundUp(int value) => (int)Math.Min(int.MaxValue, BitOperations.RoundUpToPowerOf2((uint)value));

    private static SoftPromptException Full() =>
        new(ErrorKind.Overloaded, "The model's cache has no room for another sequence of this length.");
}
