using SoftPromptGrpc.Backends.Torch.Training;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Plain;

// B: examples, P: virtual tokens, T: tokens, H: embedding size.
internal static class PlainPreamble
{
    /// <param name="embeddings">[B, T, H].</param>
    /// <param name="tasks">[B].</param>
    /// <returns>[B, P + T, H].</returns>
    public static Tensor InFrontOf(this Preamble preamble, Tensor embeddings, Tensor tasks)
    {
        if (preamble is not RowPreamble { Rows: var rows })
            return embeddings;
        var prompt = rows.dim() == 3 ? rows.index_select(0, tasks) : rows.unsqueeze(0).expand(embeddings.shape[0], -1, -1); // [B, P, H]
        return cat([prompt, embeddings], 1);
    }
}
