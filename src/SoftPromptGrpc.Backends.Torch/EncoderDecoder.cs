using SoftPromptGrpc.Core.Models;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch;

// B: batch, S: the encoder's positions, P: positions of the prefix, T: the decoder's positions behind it, H: hidden size,
// L: the decoder's layers, N: heads, D: head size.
/// <summary>
/// An encoder-decoder transformer, driven by its spec alone. Both halves take embeddings, so that virtual tokens are just the first
/// rows of the encoder's. Not thread-safe.
/// </summary>
/// <param name="weights">Stay the caller's.</param>
public sealed class EncoderDecoder(EncoderDecoderWeights weights)
{
    private readonly TransformerHalf _encoder = new(weights, EncoderDecoderTensors.Encoder, weights.Spec.LayerCount);
    private readonly TransformerHalf _decoder = new(weights, EncoderDecoderTensors.Decoder, weights.Spec.DecoderLayerCount);

    public EncoderDecoderSpec Spec => weights.Spec;

    public Device Device => weights.Device;

    /// <param name="ids">int64 of any shape, on the model's device.</param>
    /// <returns>[..., H].</returns>
    public Tensor Embed(Tensor ids)
    {
        using var scope = NewDisposeScope();
        var rows = weights[EncoderDecoderTensors.TokenEmbedding].index_select(0, ids.flatten()).to(float32);
        rows = rows.view([.. ids.shape, Spec.HiddenSize]);
        return (Spec.EmbeddingScale == 1 ? rows : rows * Spec.EmbeddingScale).MoveToOuterDisposeScope();
    }

    /// <param name="embeddings">[B, S, H].</param>
    /// <param name="mask">[B, S], true where there is something and false where there is padding; null: true.</param>
    /// <returns>[B, S, H], without meaning where there is padding.</returns>
    public Tensor Encode(Tensor embeddings, Tensor? mask = null)
    {
        using var scope = NewDisposeScope();
        return _encoder.Forward(embeddings, new HalfContext(Padding(mask))).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The decoder's last hidden states. Row i of a sequence stands at position P + i and sees the prefix and the rows up to its own,
    /// so padding on the right needs no mask.
    /// </summary>
    /// <param name="embeddings">[B, T, H], beginning with that of the spec's DecoderStart.</param>
    /// <param name="encoded">What <see cref="Encode"/> gave for the same sequences and <paramref name="mask"/>.</param>
    /// <param name="prefix">Keys and values of self-attention in front of every sequence, used as they are: [L, 2, N, P, D].</param>
    /// <returns>[B, T, H].</returns>
    public Tensor Decode(Tensor embeddings, Tensor encoded, Tensor? mask = null, Tensor? prefix = null)
    {
        using var scope = NewDisposeScope();
        var (first, length) = (prefix?.shape[3] ?? 0, embeddings.shape[1]);
        var seen = ones(length, first + length, dtype: ScalarType.Bool, device: Device).tril(first);
        return _decoder.Forward(embeddings, new HalfContext(Hide(seen), encoded, Padding(mask), prefix)).MoveToOuterDisposeScope();
    }

    /// <param name="hidden">Rows of <see cref="Decode"/>: [..., H].</param>
    /// <returns>[..., vocabulary size].</returns>
    public Tensor Head(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        var weight = weights[Spec.TiedHead ? EncoderDecoderTensors.TokenEmbedding : $"{EncoderDecoderTensors.Head}.weight"];
        var scaled = Spec.HeadScale == 1 ? hidden : hidden * Spec.HeadScale;
        var logits = weights.Multiply(scaled, weight);
        return (Spec.HeadBias ? logits + weights[$"{EncoderDecoderTensors.Head}.bias"].squeeze(0) : logits).MoveToOuterDisposeScope();
    }

    /// <summary>What hides padding when it is added to products of queries and keys: [B, 1, 1, S].</summary>
    private static Tensor? Padding(Tensor? mask) => mask is null ? null : Hide(mask.unsqueeze(1).unsqueeze(1));

    private static Tensor Hide(Tensor seen) => zeros_like(seen, float32).masked_fill_(seen.logical_not(), float.NegativeInfinity);
}
