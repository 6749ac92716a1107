using SoftPromptGrpc.Backends.Torch.Packing;
using SoftPromptGrpc.Core.Models;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch;

// B: batch, P: positions of the prefix, T: positions behind it, L: layers, G: key/value heads, D: head size,
// E: embedding size, H: hidden size; E = H in nearly all models.
/// <summary>
/// A decoder-only transformer, driven by its spec alone. It takes embeddings, so that virtual tokens are just the first rows, and
/// computes logits only for the rows that are asked for. Not thread-safe. For a given number of threads the results are the same
/// bits every time.
/// </summary>
public sealed class Decoder : IDisposable
{
    private readonly DecoderWeights _weights;
    private readonly Dictionary<RotarySpec, Rotary> _rotaries = [];
    private readonly Linear? _inputProjection;
    private readonly Norm? _embeddingNorm;
    private readonly DecoderLayer[] _layers;
    private readonly Norm? _finalNorm;
    private readonly Linear? _outputProjection;

    /// <param name="weights">Stay the caller's.</param>
    public Decoder(DecoderWeights weights)
    {
        _weights = weights;
        _inputProjection = Linear.Find(weights, DecoderTensors.InputProjection);
        _embeddingNorm = Norm.Find(weights, DecoderTensors.EmbeddingNorm);
        _layers = [.. Enumerable.Range(0, weights.Spec.LayerCount).Select(Layer)];
        _finalNorm = Norm.Find(weights, DecoderTensors.FinalNorm);
        _outputProjection = Linear.Find(weights, DecoderTensors.OutputProjection);
    }

    public DecoderSpec Spec => _weights.Spec;

    public Device Device => _weights.Device;

    /// <param name="ids">int64 of any shape, on the decoder's device.</param>
    /// <returns>[..., E].</returns>
    public Tensor Embed(Tensor ids)
    {
        using var scope = NewDisposeScope();
        var rows = _weights[DecoderTensors.TokenEmbedding].index_select(0, ids.flatten()).to(float32);
        if (Spec.EmbeddingScale != 1)
            rows = rows * (float)Spec.EmbeddingScale;
        return rows.view([.. ids.shape, Spec.EmbeddingSize]).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Hidden states in front of the head. Row i of a sequence stands at position P + i and sees the prefix and the rows up to its
    /// own, so padding on the right needs no mask: it changes nothing before it.
    /// </summary>
    /// <param name="embeddings">[B, T, E]; with the prefix at most the context length.</param>
    /// <param name="prefix">Keys and values in front of every sequence, used as they are: [L, 2, G, P, D].</param>
    /// <returns>[B, T, E].</returns>
    public Tensor Forward(Tensor embeddings, Tensor? prefix = null)
    {
        using var scope = NewDisposeScope();
        var (first, length) = (prefix?.shape[3] ?? 0, embeddings.shape[1]);
        var masks = AttentionMasks.Of(Spec, first, length, Device);
        var x = Enter(embeddings, table => table.narrow(0, first, length));             // [B, T, H]
        foreach (var (index, layer) in _layers.Index())
            x = layer.Forward(x, masks[index], prefix?[index]);
        return Leave(x).MoveToOuterDisposeScope();
    }

    /// <summary>Hidden states in front of the head, as <see cref="Forward"/> would give them for each sequence alone.</summary>
    /// <param name="prompt">The stems' rows: [P, E], or [tasks, P, E]; null: there are none.</param>
    /// <param name="prefix">As for one sequence.</param>
    /// <returns>Of the rows that predict the batch's targets, in their order: [targets, E].</returns>
    internal Tensor ForwardPacked(PackedBatch batch, Tensor? prompt, Tensor? prefix)
    {
        using var scope = NewDisposeScope();
        var pass = new PackedPass(_weights, batch, prefix, _rotaries);
        var x = Enter(batch, prompt, pass.Positions);
        foreach (var layer in _layers)
            x = new Rows(layer.Forward(x, pass));
        return Leave(x.Whole[0].index_select(0, tensor(batch.Order.ToArray()).to(Device))).MoveToOuterDisposeScope();
    }

    /// <summary>What every layer keeps of rows for those behind them.</summary>
    /// <param name="embeddings">[T, E].</param>
    /// <param name="prefix">As for <see cref="Forward"/>.</param>
    /// <returns>[L, 2, G, T, D], fit to be a prefix, or the end of one that begins with <paramref name="prefix"/>.</returns>
    public Tensor KeysValues(Tensor embeddings, Tensor? prefix = null)
    {
        using var scope = NewDisposeScope();
        var (first, length) = ((int)(prefix?.shape[3] ?? 0), embeddings.shape[0]);
        var masks = AttentionMasks.Of(Spec, first, length, Device);
        var x = Enter(embeddings.unsqueeze(0), table => table.narrow(0, first, length));
        var kept = new List<Tensor>();
        foreach (var (index, layer) in _layers.Index())
        {
            kept.Add(layer.KeysValues(x, first)[0]);
            if (kept.Count < _layers.Length)
                x = layer.Forward(x, masks[index], prefix?[index]);
        }
        return stack(kept).MoveToOuterDisposeScope();
    }

    /// <param name="hidden">Rows of <see cref="Forward"/>: [..., E].</param>
    /// <returns>[..., vocabulary size].</returns>
    public Tensor Head(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        var weight = _weights[Spec.TiedHead ? DecoderTensors.TokenEmbedding : $"{DecoderTensors.Head}.weight"];
        var logits = _weights.Multiply(hidden, weight, _weights.Find($"{DecoderTensors.Head}.bias"));
        if (Spec.LogitSoftCap is { } cap)
            logits = (logits / cap).tanh() * cap;
        return logits.MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (var rotary in _rotaries.Values)
            rotary.Dispose();
    }

    private DecoderLayer Layer(int layer) =>
        new(_weights, layer, Spec.AttentionOf(layer).Rotary is { } rotary ? Rotary(rotary) : null);

    /// <summary>Layers that rotate alike share their tables.</summary>
    private Rotary Rotary(RotarySpec spec)
    {
        if (!_rotaries.TryGetValue(spec, out var rotary))
            _rotaries.Add(spec, rotary = new Rotary(spec, Device));
        return rotary;
    }

    /// <param name="positions">Picks the rows' vectors from the table of positions.</param>
    private Tensor Enter(Tensor embeddings, Func<Tensor, Tensor> positions)
    {
        var x = _inputProjection?.Forward(embeddings) ?? embeddings;
        if (Spec.Positions == PositionKind.Learned)
            x = x + positions(_weights[DecoderTensors.PositionEmbedding]).to(float32);
        return _embeddingNorm?.Forward(x) ?? x;
    }

    /// <summary>The prompts' rows and the tokens between and behind them, each in a tensor of their own.</summary>
    private Rows Enter(PackedBatch batch, Tensor? prompt, Tensor positions)
    {
        var (parts, row, token) = (new List<Tensor>(), 0L, 0L);
        var tokens = Embed(Device.Ids(batch.Tokens));
        foreach (var (index, stem) in batch.Stems.Index())
        {
            if (prompt is not null)
                Add(prompt.dim() == 3 ? prompt[stem.Task] : prompt);
            var count = index == batch.Stems.Count - 1 ? tokens.shape[0] - token : stem.Head.Length;
            if (count > 0)
                Add(tokens.narrow(0, token, count));
            token += count;
        }
        return new Rows(parts);

        void Add(Tensor embeddings)
        {
            var at = positions.narrow(0, row, embeddings.shape[0]);
            parts.Add(Enter(embeddings.unsqueeze(0), table => table.index_select(0, at)));
            row += embeddings.shape[0];
        }
    }

    private Tensor Leave(Tensor x)
    {
        x = _finalNorm?.Forward(x) ?? x;
        return _outputProjection?.Forward(x) ?? x;
    }
}
