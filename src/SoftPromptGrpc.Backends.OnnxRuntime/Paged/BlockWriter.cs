using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using SoftPromptGrpc.Backends.OnnxRuntime.Export;
using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Paged;

/// <summary>Lays keys and values into blocks.</summary>
internal static unsafe class BlockWriter<T>
    where T : struct, ICacheElement
{
    private const int Width = BlockLayout.Positions;

    /// <summary>Those of a part's new positions, of one head.</summary>
    /// <param name="scratch">For one head.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Append(AttentionCall* call, BatchPart* part, int head, float* scratch)
    {
        var size = call->HeadSize;
        for (var i = 0; i < part->Count; i++)
        {
            var (block, slot) = Math.DivRem(part->Past + i, Width);
            var target = call->Blocks[part->FirstBlock + block] + head * call->HeadBytes;
            var source = (part->FirstRow + i) * (long)call->KeyValueStride + head * size;
            Rotate(call, call->Keys + source, part->Past + i, 1, scratch);
            for (var d = 0; d < size; d++)
            {
                T.Store(target + call->KeysOffset, d * Width + slot, scratch[d]);
                T.Store(target + call->ValuesOffset, slot * size + d, call->Values[source + d]);
            }
        }
    }

    /// <summary>A prefix's, of all layers.</summary>
    public static void Fill(IReadOnlyList<KvBlock> blocks, BlockLayout layout, KeyValuePrefix prefix)
    {
        var (heads, size) = (layout.Shape.HeadCount, layout.Shape.HeadSize);
        for (var layer = 0; layer < layout.Shape.LayerCount; layer++)
        {
            var keys = prefix.LayerKeys(layer).Span;
            var values = prefix.LayerValues(layer).Span;
            for (var row = 0; row < heads * prefix.VirtualTokens; row++)
            {
                var (head, position) = Math.DivRem(row, prefix.VirtualTokens);
                var (block, slot) = Math.DivRem(position, Width);
                var target = blocks[block].Address + head * layout.HeadBytes;
                Lay(keys.Slice(row * size, size), layout.Shape.Layout.QueryKey, target + layout.Keys(layer), slot, Width);
                Lay(values.Slice(row * size, size), layout.Shape.Layout.Value, target + layout.Values(layer), slot * layout.HeadSize, 1);
            }
        }
    }

    /// <summary>A head of a query or key, turned to its position where the layer rotates, times a factor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rotate(AttentionCall* call, float* source, int position, float factor, float* target)
    {
        var (half, scale) = (call->HeadSize / 2, Vector256.Create(factor));
        if (call->Cosines is null)
        {
            for (var d = 0; d < call->HeadSize; d += Vector256<float>.Count)
                (Vector256.Load(source + d) * scale).Store(target + d);
            return;
        }
        var cosines = call->Cosines + (long)position * half;
        var sines = call->Sines + (long)position * half;
        for (var d = 0; d < half; d += Vector256<float>.Count)
        {
            var (x, y) = (Vector256.Load(source + d), Vector256.Load(source + half + d));
            var (cos, sin) = (Vector256.Load(cosines + d), Vector256.Load(sines + d));
            ((x * cos - y * sin) * scale).Store(target + d);
            ((y * cos + x * sin) * scale).Store(target + half + d);
        }
    }

    private static void Lay(ReadOnlySpan<float> source, int[] places, byte* target, int first, int stride)
    {
        for (var i = 0; i < places.Length; i++)
            T.Store(target, first + i * stride, places[i] == HeadLayout.Zero ? 0 : source[places[i]]);
    }
}
