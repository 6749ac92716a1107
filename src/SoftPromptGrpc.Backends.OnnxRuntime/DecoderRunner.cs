using Microsoft.ML.OnnxRuntime;
using SoftPromptGrpc.Backends.OnnxRuntime.Export;
using SoftPromptGrpc.Core.Models;

namespace SoftPromptGrpc.Backends.OnnxRuntime;

/// <summary>
/// Calls the exported graph over memory of its own: the caller fills <see cref="Embedding"/>, calls, and reads
/// <see cref="Logits"/>.
/// </summary>
internal sealed class DecoderRunner : IDisposable
{
    private readonly DecoderSpec _spec;
    private readonly KvCache _cache;
    private readonly InferenceSession _session;
    private readonly RunOptions _runOptions = new();
    private readonly NativeBuffer<float> _embeddings;
    private readonly NativeBuffer<long> _positions;
    private readonly NativeBuffer<long> _logitRows;
    private readonly NativeBuffer<int> _lastPositions;
    private readonly NativeBuffer<int> _longestLength = new(1);
    private readonly LogitsBuffer _logits;
    private readonly Dictionary<int, OrtIoBinding> _decodeBindings = [];

    /// <param name="rows">The most rows of one call, and the most sequences.</param>
    public DecoderRunner(DecoderSpec spec, string graphPath, SessionOptions options, KvCache cache, int rows)
    {
        (_spec, _cache) = (spec, cache);
        _session = new(graphPath, options);
        _embeddings = new((long)rows * spec.EmbeddingSize);
        (_positions, _logitRows, _lastPositions) = (new(rows), new(rows), new(rows));
        _logits = new(spec.VocabularySize);
    }

    public LogitsBuffer Logits => _logits;

    /// <summary>Where a row's input goes: a token's embedding or a virtual token.</summary>
    public Span<float> Embedding(int row) => _embeddings.Slice((long)row * _spec.EmbeddingSize, _spec.EmbeddingSize);

    /// <inheritdoc cref="LogitsBuffer.Reserve"/>
    public void ReserveLogits(int rows)
    {
        if (_logits.Reserve(rows))
            Unbind();
    }

    /// <summary>Forgets the bindings to the buffers. To be called when the cache's have moved.</summary>
    public void Unbind()
    {
        foreach (var binding in _decodeBindings.Values)
            binding.Dispose();
        _decodeBindings.Clear();
    }

    /// <summary>Runs the next positions of one sequence; their inputs are in rows 0, 1, ...</summary>
    /// <param name="past">The sequence's length before.</param>
    /// <param name="logitCount">For how many of the last positions logits are wanted.</param>
    /// <param name="logitRow">Where these begin.</param>
    public void Prefill(int slot, int past, int count, int logitCount, int logitRow)
    {
        for (var i = 0; i < count; i++)
            _positions.Slice(0, count)[i] = past + i;
        _lastPositions.Slice(0, 1)[0] = past + count - 1;
        _longestLength.Slice(0, 1)[0] = past + count;
        var rows = Math.Max(logitCount, 1);
        for (var i = 0; i < rows; i++)
            _logitRows.Slice(0, rows)[i] = count - rows + i;
        using var binding = Bind(slot, 1, count, rows, logitCount > 0 ? logitRow : _logits.SpareRow);
        _session.RunWithBinding(_runOptions, binding);
    }

    /// <summary>Runs one position of each sequence in slots 0, 1, ... Inputs and logits are in the rows of the same numbers.</summary>
    /// <param name="lengths">The sequences' lengths before.</param>
    public void Decode(ReadOnlySpan<int> lengths)
    {
        var longest = 0;
        for (var i = 0; i < lengths.Length; i++)
        {
            (_positions.Slice(i, 1)[0], _lastPositions.Slice(i, 1)[0], _logitRows.Slice(i, 1)[0]) = (lengths[i], lengths[i], i);
            longest = Math.Max(longest, lengths[i] + 1);
        }
        _longestLength.Slice(0, 1)[0] = longest;
        if (!_decodeBindings.TryGetValue(lengths.Length, out var binding))
            _decodeBindings.Add(lengths.Length, binding = Bind(0, lengths.Length, 1, lengths.Length, 0));
        _session.RunWithBinding(_runOptions, binding);
    }

    public void Dispose()
    {
        Unbind();
        _session.Dispose();
        _runOptions.Dispose();
        _embeddings.Dispose();
        _positions.Dispose();
        _logitRows.Dispose();
        _lastPositions.Dispose();
        _longestLength.Dispose();
        _logits.Dispose();
    }

    private OrtIoBinding Bind(int slot, int sequences, int positions, int logitRows, int logitRow)
    {
        var binding = _session.CreateIoBinding();
        binding.Input(DecoderGraph.Embeddings, _embeddings.Tensor(0, sequences, positions, _spec.EmbeddingSize));
        if (_spec.Positions == PositionKind.Learned)
            binding.Input(DecoderGraph.Positions, _positions.Tensor(0, sequences, positions));
        binding.Input(DecoderGraph.LogitRows, _logitRows.Tensor(0, logitRows));
        binding.Input(DecoderGraph.LastPositions, _lastPositions.Tensor(0, sequences));
        binding.Input(DecoderGraph.LongestLength, _longestLength.Tensor(0));
        for (var layer = 0; layer < _spec.LayerCount; layer++)
        {
            binding.InPlace(DecoderGraph.PastKeys(layer), DecoderGraph.PresentKeys(layer), _cache.Keys(layer, slot, sequences));
            binding.InPlace(DecoderGraph.PastValues(layer), DecoderGraph.PresentValues(layer), _cache.Values(layer, slot, sequences));
        }
        binding.Output(DecoderGraph.Logits, _logits.Tensor(logitRow, logitRows));
        return binding;
    }
}
