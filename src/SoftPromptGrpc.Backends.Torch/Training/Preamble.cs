using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch.Training;

// B: examples, P: virtual tokens, T: tokens, H: embedding size.
/// <summary>What a model sees in front of every example. Its tensors belong to whoever made them.</summary>
internal abstract class Preamble
{
    /// <summary>How many rows it adds in front of an example's own.</summary>
    public virtual int RowCount => 0;

    /// <summary>Keys and values in front of every layer's, as <see cref="Decoder.Forward"/> takes them; null: none.</summary>
    public virtual Tensor? Prefix => null;

    /// <param name="embeddings">[B, T, H].</param>
    /// <param name="tasks">[B].</param>
    /// <returns>[B, RowCount + T, H].</returns>
    public virtual Tensor InFrontOf(Tensor embeddings, Tensor tasks) => embeddings;
}

/// <summary>Rows, a soft prompt's or a text's, in front of the embeddings.</summary>
/// <param name="rows">[P, H], P may be 0; or [tasks, P, H], of which every example gets its task's.</param>
internal sealed class RowPreamble(Tensor rows) : Preamble
{
    public Tensor Rows => rows;

    public override int RowCount => (int)rows.shape[^2];

    public override Tensor InFrontOf(Tensor embeddings, Tensor tasks)
    {
        var prompt = rows.dim() == 3 ? rows.index_select(0, tasks) : rows.unsqueeze(0).expand(embeddings.shape[0], -1, -1); // [B, P, H]
        return cat([prompt, embeddings], 1);
    }
}

internal sealed class PrefixPreamble(Tensor prefix) : Preamble
{
    public override Tensor Prefix => prefix;
}
