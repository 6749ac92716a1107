using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch.Training;

// B: examples, P: rows of the prefix, T: tokens, H: hidden size, R: target tokens, V: vocabulary size.
/// <summary>A decoder that sees the same rows, a soft prompt's or a text's, in front of every example.</summary>
internal static class PromptedDecoder
{
    /// <param name="prefix">[P, H]; P may be 0.</param>
    /// <returns>The logits that predict the batch's targets: [R, V].</returns>
    public static Tensor TargetLogits(this Decoder decoder, Tensor prefix, Batch batch)
    {
        using var scope = NewDisposeScope();
        var examples = batch.Ids.shape[0];
        var prompt = prefix.unsqueeze(0).expand(examples, -1, -1);              // [B, P, H]
        var embeddings = cat([prompt, decoder.Embed(batch.Ids)], 1);            // [B, P + T, H]
        var hidden = decoder.Forward(embeddings).flatten(0, 1);                 // [B * (P + T), H]
        return decoder.Head(hidden.index_select(0, batch.Rows)).MoveToOuterDisposeScope();
    }
}
