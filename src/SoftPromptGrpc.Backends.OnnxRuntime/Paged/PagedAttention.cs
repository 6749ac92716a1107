using Microsoft.ML.OnnxRuntime.Tensors;
using SoftPromptGrpc.Backends.OnnxRuntime.Operators;
using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Paged;

// T: rows of the run, N: query heads, G: key/value heads, D: padded head size, P: positions of the context.

/// <summary>
/// Attention of new positions of many sequences over blocks that sequences may share (Kwon et al. 2023, "Efficient Memory Management for
/// Large Language Model Serving with PagedAttention"). Inputs: queries [T, N * D], or queries, keys and values [T, (N + 2 G) * D]; keys
/// and values [T, G * D] where they are apart; cosines and sines [P, D / 2] of layers that rotate; biases [1, N, 1, P] by a key's position.
/// Output: [T, N * D]. A row's bits depend on its own sequence alone, however rows are divided into runs.
/// </summary>
/// <param name="batch">What the rows of the run are. Sealed before the run.</param>
internal sealed class PagedAttention(DecoderSpec spec, BlockLayout layout, PackedBatch batch) : CustomOperator(
    nameof(PagedAttention),
    [new(TensorElementType.Float), Optional, Optional, Optional, Optional, Optional],
    [TensorElementType.Float])
{
    public const string Layer = "layer";

    /// <summary>0: there is none.</summary>
    public const string Window = "window";

    public const string Scale = "scale";

    /// <inheritdoc cref="Window"/>
    public const string SoftCap = "soft_cap";

    /// <summary>Whether this processor runs it well.</summary>
    public static bool IsFast => System.Runtime.Intrinsics.Vector256.IsHardwareAccelerated && System.Runtime.Intrinsics.X86.Fma.IsSupported;

    private static OperatorInput Optional => new(TensorElementType.Float, IsOptional: true);

    public override IKernel CreateKernel(KernelInfo info)
    {
        var layer = (int)info.Integer(Layer);
        var call = new AttentionCall
        {
            HeadCount = spec.HeadCount,
            KeyValueHeadCount = spec.KeyValueHeadCount,
            HeadSize = layout.HeadSize,
            HeadBytes = layout.HeadBytes,
            KeysOffset = layout.Keys(layer),
            ValuesOffset = layout.Values(layer),
            BiasCount = spec.ContextLength,
            Window = (int)info.Integer(Window),
            Scale = info.Float(Scale),
            SoftCap = info.Float(SoftCap),
        };
        return layout.ElementSize == Float32Element.Size
            ? new PagedAttentionKernel<Float32Element>(call, batch)
            : new PagedAttentionKernel<BFloat16Element>(call, batch);
    }
}
