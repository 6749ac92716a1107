using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch.Packing;

// R: rows, Q: rows that ask, H: query heads, G: key/value heads, D: head size.
/// <summary>Who sees what in one pass over a <see cref="PackedBatch"/>.</summary>
internal interface IPackedAttention
{
    /// <param name="layer">The last one is asked by the needed rows alone, the others by all.</param>
    /// <param name="queries">[1, Q, H, D].</param>
    /// <param name="keys">[1, R, G, D].</param>
    /// <param name="values">[1, R, G, D].</param>
    /// <param name="attend">The layer's, for those who need a library's.</param>
    /// <returns>[1, Q, H * D].</returns>
    Tensor Attend(int layer, Tensor queries, Tensor keys, Tensor values, AttentionOf attend);
}
