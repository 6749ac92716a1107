using SoftPromptGrpc.Core.Models;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch;

// B: batch, T: positions, H: hidden size.
/// <summary>
/// A decoder-only transformer, driven by its spec alone. It takes embeddings, so that virtual tokens are just the first rows, and
/// computes logits only for the rows that are asked for. Not thread-safe. For a given number of threads the results are the same
/// bits every time.
/// </summary>
public sealed class Decoder : IDisposable
{
    private readonly DecoderWeights _weights;
    private readonly Rotary? _rotary;
    private readonly DecoderLayer[] _layers;
    private readonly Norm _finalNorm;

    /// <param name="weights">Stay the caller's.</param>
    public Decoder(DecoderWeights weights)
    {
        _weights = weights;
        _rotary = weights.Spec.Rotary is { } rotary ? new Rotary(rotary, weights.Device) : null;
        _layers = [.. Enumerable.Range(0, weights.Spec.LayerCount).Select(layer => new DecoderLayer(weights, layer, _rotary))];
        _finalNorm = new Norm(weights, DecoderTensors.FinalNorm);
    }

    public DecoderSpec Spec => _weights.Spec;

    public Device Device => _weights.Device;

    /// <param name="ids">int64 of any shape, on the decoder's device.</param>
    /// <returns>[..., H].</returns>
    public Tensor Embed(Tensor ids)
    {
        using var scope = NewDisposeScope();
        var rows = _weights[DecoderTensors.TokenEmbedding].index_select(0, ids.flatten());
        return rows.view([.. ids.shape, Spec.HiddenSize]).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Hidden states after the final norm. Row i of a sequence stands at position i and sees the rows up to its own, so padding on
    /// the right needs no mask: it changes nothing before it.
    /// </summary>
    /// <param name="embeddings">[B, T, H] with T of at most the context length.</param>
    /// <returns>[B, T, H].</returns>
    public Tensor Forward(Tensor embeddings)
    {
        using var scope = NewDisposeScope();
        var length = embeddings.shape[1];
        var mask = Spec.SlidingWindow is { } window && window < length ? WindowMask(length, window) : null;
        var x = Spec.Positions switch
        {
            PositionKind.Learned => embeddings + _weights[DecoderTensors.PositionEmbedding].narrow(0, 0, length),
            PositionKind.Rotary => embeddings,
        };
        foreach (var layer in _layers)
            x = layer.Forward(x, mask);
        return _finalNorm.Forward(x).MoveToOuterDisposeScope();
    }

    /// <param name="hidden">Rows of <see cref="Forward"/>: [..., H].</param>
    /// <returns>[..., vocabulary size].</returns>
    public Tensor Head(Tensor hidden)
    {
        var weight = _weights[Spec.TiedHead ? DecoderTensors.TokenEmbedding : $"{DecoderTensors.Head}.weight"];
        return nn.functional.linear(hidden, weight);
    }

    public void Dispose() => _rotary?.Dispose();

    /// <summary>[T, T]: a query sees itself and the <paramref name="window"/> - 1 positions before it.</summary>
    private Tensor WindowMask(long length, int window)
    {
        var causal = ones(length, length, dtype: ScalarType.Bool, device: Device).tril();
        return causal.logical_and(ones(length, length, dtype: ScalarType.Bool, device: Device).triu(1 - window));
    }
}
