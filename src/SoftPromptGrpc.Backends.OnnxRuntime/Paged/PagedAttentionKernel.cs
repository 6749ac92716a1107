using System.Runtime.CompilerServices;
using SoftPromptGrpc.Backends.OnnxRuntime.Operators;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Paged;

/// <summary>One node of <see cref="PagedAttention"/>.</summary>
/// <param name="layer">What does not change from run to run.</param>
internal sealed unsafe class PagedAttentionKernel<T>(AttentionCall layer, PackedBatch batch) : IKernel
    where T : struct, ICacheElement
{
    public void Compute(KernelContext context)
    {
        var call = layer;
        var (queries, keys, cosines, biases) = (context.Input(0), context.Input(1), context.Input(3), context.Input(5));
        var width = call.HeadCount * call.HeadSize;
        call.Queries = (float*)queries.Data;
        (call.QueryStride, call.KeyValueStride) = (width, call.KeyValueHeadCount * call.HeadSize);
        if (keys.IsPresent)
        {
            call.Keys = (float*)keys.Data;
            call.Values = (float*)context.Input(2).Data;
        }
        else
        {
            call.Keys = call.Queries + width;
            call.Values = call.Keys + call.KeyValueStride;
            call.QueryStride = call.KeyValueStride = width + 2 * call.KeyValueStride;
        }
        call.Cosines = cosines.IsPresent ? (float*)cosines.Data : null;
        call.Sines = cosines.IsPresent ? (float*)context.Input(4).Data : null;
        call.Biases = biases.IsPresent ? (float*)biases.Data : null;
        call.Output = (float*)context.Output(0, batch.Rows, width).Data;
        Run(context, ref call);
    }

    public void Dispose()
    {
    }

    private void Run(KernelContext context, ref AttentionCall call)
    {
        fixed (AttentionCall* pinned = &call)
        fixed (BatchPart* parts = batch.Parts)
        fixed (BatchItem* items = batch.Items)
        {
            pinned->Parts = parts;
            pinned->Items = items;
            pinned->ItemCount = batch.Items.Length;
            pinned->Blocks = batch.Blocks;
            if (batch.IsSplit)
            {
                context.ParallelFor(batch.Parts.Length * call.KeyValueHeadCount, &Fill, pinned);
                pinned->IsFilled = true;
            }
            context.ParallelFor(batch.Items.Length * call.KeyValueHeadCount, &Attend, pinned);
        }
    }

    private static void Fill(AttentionCall* call, int index)
    {
        var (part, head) = Math.DivRem(index, call->KeyValueHeadCount);
        BlockWriter<T>.Append(call, call->Parts + part, head, Scratch(call->HeadSize));
    }

    // Head by head: sequences that share blocks find them in the cache.
    private static void Attend(AttentionCall* call, int index)
    {
        var (head, at) = Math.DivRem(index, call->ItemCount);
        var item = call->Items + at;
        var part = call->Parts + item->Part;
        var scratch = Scratch(AttentionTile<T>.ScratchSize(call, part));
        if (!call->IsFilled)
            BlockWriter<T>.Append(call, part, head, scratch);
        var (row, end) = (item->FirstRow, item->FirstRow + item->Count);
        for (; row + AttentionTile<T>.Rows <= end; row += AttentionTile<T>.Rows)
            new AttentionTile<T>(call, part, head, row, AttentionTile<T>.Rows, scratch).Run();
        for (; row < end; row++)
            new AttentionTile<T>(call, part, head, row, 1, scratch).Run();
    }

    private static float* Scratch(int length) => AttentionScratch.Of(length);
}

/// <summary>Each thread's memory for one tile.</summary>
internal static unsafe class AttentionScratch
{
    [ThreadStatic]
    private static float[]? _scratch;

    /// <summary>Valid until the thread's next call.</summary>
    public static float* Of(int length)
    {
        if (_scratch is null || _scratch.Length < length)
            _scratch = GC.AllocateUninitializedArray<float>(2 * length, pinned: true);
        return (float*)Unsafe.AsPointer(ref _scratch[0]);
    }
}
