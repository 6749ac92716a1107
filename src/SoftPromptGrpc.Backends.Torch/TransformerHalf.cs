using SoftPromptGrpc.Core.Models;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch;

// B: batch, T: rows, K: keys of self-attention, S: the encoder's positions, H: hidden size.
/// <summary>What a half's layers see beside their own rows.</summary>
/// <param name="Bias">Added to products of queries and keys in self-attention: [B or 1, heads or 1, T or 1, K].</param>
/// <param name="Encoded">What cross-attention reads: [B, S, H]; null in the encoder.</param>
/// <param name="EncodedBias">As <paramref name="Bias"/>, in cross-attention.</param>
/// <param name="Prefix">Keys and values in front of self-attention's own: [layers, 2, heads, positions, head size].</param>
internal sealed record HalfContext(Tensor? Bias, Tensor? Encoded = null, Tensor? EncodedBias = null, Tensor? Prefix = null)
{
    public int PrefixLength => (int)(Prefix?.shape[3] ?? 0);
}

/// <summary>The encoder or the decoder of an encoder-decoder.</summary>
internal sealed class TransformerHalf(EncoderDecoderWeights weights, string half, int layerCount)
{
    private readonly RelativeBias? _relative = weights.Spec.RelativePositions is null ? null : new(weights, half);
    private readonly Tensor? _positions = weights.Find(EncoderDecoderTensors.PositionEmbedding(half));
    private readonly Norm? _embeddingNorm = Norm.Find(weights, EncoderDecoderTensors.EmbeddingNorm(half));
    private readonly Norm? _finalNorm = Norm.Find(weights, EncoderDecoderTensors.FinalNorm(half));

    private readonly TransformerHalfLayer[] _layers =
        [.. Enumerable.Range(0, layerCount).Select(layer => new TransformerHalfLayer(weights, half, layer))];

    /// <param name="embeddings">[B, T, H].</param>
    /// <returns>[B, T, H].</returns>
    public Tensor Forward(Tensor embeddings, HalfContext context)
    {
        using var scope = NewDisposeScope();
        var (first, count) = (context.PrefixLength, (int)embeddings.shape[1]);
        var x = _positions is null ? embeddings : embeddings + _positions.narrow(0, first, count).to(float32);
        x = _embeddingNorm?.Forward(x) ?? x;
        if (_relative?.Of(first, count) is { } relative)
            context = context with { Bias = context.Bias is { } bias ? relative + bias : relative };
        foreach (var layer in _layers)
            x = layer.Forward(x, context);
        return (_finalNorm?.Forward(x) ?? x).MoveToOuterDisposeScope();
    }
}
