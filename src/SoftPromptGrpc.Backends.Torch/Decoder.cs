using SoftPromptGrpc.Core.Models;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch;

// B: batch, P: positions of the prefix, T: positions behind it, H: hidden size, L: layers, G: key/value heads, D: head size.
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
        _finalNorm = Norm.Find(weights, DecoderTensors.FinalNorm)!;
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
    /// Hidden states after the final norm. Row i of a sequence stands at position P + i and sees the prefix and the rows up to its
    /// own, so padding on the right needs no mask: it changes nothing before it.
    /// </summary>
    /// <param name="embeddings">[B, T, H]; with the prefix at most the context length.</param>
    /// <param name="prefix">Keys and values in front of every sequence, used as they are: [L, 2, G, P, D].</param>
    /// <returns>[B, T, H].</returns>
    public Tensor Forward(Tensor embeddings, Tensor? prefix = null)
    {
        using var scope = NewDisposeScope();
        var (first, length) = (prefix?.shape[3] ?? 0, embeddings.shape[1]);
        var mask = Mask(first, length);
        var x = Place(embeddings, first);
        foreach (var (index, layer) in _layers.Index())
            x = layer.Forward(x, mask, prefix?[index]);
        return _finalNorm.Forward(x).MoveToOuterDisposeScope();
    }

    /// <summary>What every layer keeps of a sequence for those behind it.</summary>
    /// <param name="embeddings">[T, H], from position 0.</param>
    /// <returns>[L, 2, G, T, D], fit to be a prefix.</returns>
    public Tensor KeysValues(Tensor embeddings)
    {
        using var scope = NewDisposeScope();
        var mask = Mask(0, embeddings.shape[0]);
        var x = Place(embeddings.unsqueeze(0), 0);
        var kept = new List<Tensor>();
        foreach (var layer in _layers)
        {
            kept.Add(layer.KeysValues(x)[0]);
            x = layer.Forward(x, mask, prefix: null);
        }
        return stack(kept).MoveToOuterDisposeScope();
    }

    /// <param name="hidden">Rows of <see cref="Forward"/>: [..., H].</param>
    /// <returns>[..., vocabulary size].</returns>
    public Tensor Head(Tensor hidden)
    {
        var weight = _weights[Spec.TiedHead ? DecoderTensors.TokenEmbedding : $"{DecoderTensors.Head}.weight"];
        return nn.functional.linear(hidden, weight);
    }

    public void Dispose() => _rotary?.Dispose();

    private Tensor Place(Tensor embeddings, long first) => Spec.Positions switch
    {
        PositionKind.Learned => embeddings + _weights[DecoderTensors.PositionEmbedding].narrow(0, first, embeddings.shape[1]),
        PositionKind.Rotary => embeddings,
    };

    /// <summary>
    /// [T, P + T]: a query sees the positions up to its own, with a sliding window only the nearest; null where plain causal attention
    /// does the same.
    /// </summary>
    private Tensor? Mask(long first, long length)
    {
        var window = Spec.SlidingWindow is { } size && size < first + length ? size : (int?)null;
        if (window is null && first == 0)
            return null;
        var seen = ones(length, first + length, dtype: ScalarType.Bool, device: Device).tril(first);
        return window is null ? seen : seen.logical_and(ones_like(seen).triu(first + 1 - window.Value));
    }
}
