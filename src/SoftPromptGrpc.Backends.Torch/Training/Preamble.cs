using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch.Training;

// B: examples, P: virtual tokens, T: tokens, H: hidden size, R: target tokens, V: vocabulary size.
/// <summary>What a decoder sees in front of every example. Its tensors belong to whoever made them.</summary>
internal abstract class Preamble
{
    /// <summary>How many rows it adds in front of an example's own hidden states.</summary>
    public abstract int RowCount { get; }

    /// <param name="batch">Laid out for <see cref="RowCount"/>.</param>
    /// <returns>The logits that predict the batch's targets: [R, V].</returns>
    public Tensor TargetLogits(Decoder decoder, Batch batch)
    {
        using var scope = NewDisposeScope();
        var hidden = Hidden(decoder, batch).flatten(0, 1);                      // [B * (RowCount + T), H]
        return decoder.Head(hidden.index_select(0, batch.Rows)).MoveToOuterDisposeScope();
    }

    /// <returns>[B, RowCount + T, H].</returns>
    protected abstract Tensor Hidden(Decoder decoder, Batch batch);
}

/// <summary>Rows, a soft prompt's or a text's, in front of the embeddings.</summary>
/// <param name="rows">[P, H], P may be 0; or [tasks, P, H], of which every example gets its task's.</param>
internal sealed class RowPreamble(Tensor rows) : Preamble
{
    public Tensor Rows => rows;

    public override int RowCount => (int)rows.shape[^2];

    protected override Tensor Hidden(Decoder decoder, Batch batch)
    {
        var prompt = rows.dim() == 3 ? rows.index_select(0, batch.Tasks) : rows.unsqueeze(0).expand(batch.Ids.shape[0], -1, -1); // [B, P, H]
        return decoder.Forward(cat([prompt, decoder.Embed(batch.Ids)], 1));
    }
}

/// <summary>Keys and values in front of every layer's.</summary>
/// <param name="prefix">As <see cref="Decoder.Forward"/> takes it.</param>
internal sealed class PrefixPreamble(Tensor prefix) : Preamble
{
    public Tensor Prefix => prefix;

    public override int RowCount => 0;

    protected override Tensor Hidden(Decoder decoder, Batch batch) => decoder.Forward(decoder.Embed(batch.Ids), prefix);
}
