using SoftPromptGrpc.Core.Models;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch.Packing;

/// <summary>By <see cref="PackedAttention"/>: on the CPU only.</summary>
/// <param name="prefix">Keys and values in front of every stem: [layers, 2, key/value heads, positions, head size].</param>
internal sealed class KernelAttention(DecoderSpec spec, PackedBatch batch, Tensor? prefix, PassedGradients passed) : IPackedAttention
{
    private readonly AttentionLayout _all = AttentionLayout.Of(batch, isLast: false);
    private readonly AttentionLayout _needed = AttentionLayout.Of(batch, isLast: true);
    private readonly int _keys = (int)batch.Positions.Max() + 1;

    public Tensor Attend(int layer, Tensor queries, Tensor keys, Tensor values, AttentionOf attend) => PackedAttention.Of(
        queries, keys, values, prefix?[layer], AttentionRule.Of(spec, layer, _keys), layer == spec.LayerCount - 1 ? _needed : _all, passed);
}
