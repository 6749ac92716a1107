using Microsoft.ML.OnnxRuntime;
using SoftPromptGrpc.Backends.OnnxRuntime.Prefixes;
using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Backends.OnnxRuntime;

/// <summary>
/// A model loaded into ONNX Runtime. Sequences occupy slots 0, 1, ... of the cache without a hole. Those that advance by one
/// token run together; every other step runs alone, in chunks of fixed length, so that no result depends on its company.
/// </summary>
internal sealed class OnnxSession : IInferenceSession
{
    private readonly DecoderSpec _spec;
    private readonly IModelWeights _weights;
    private readonly int _chunk;
    private readonly KvCache _cache;
    private readonly DecoderRunner _runner;
    private readonly SlotTable<OnnxSequence> _slots;
    private readonly PrefixCache<PrefixSnapshot> _prefixes;
    private readonly HashSet<OnnxSequence> _decoding = [];
    private int[] _firstRows = [];
    private bool _disposed;

    /// <param name="cache">Empty; owned by the session from now on.</param>
    public OnnxSession(BaseModel model, string graphPath, SessionOptions sessionOptions, OnnxOptions options, KvCache cache)
    {
        (_spec, _weights, _cache) = ((DecoderSpec)model.Spec, model.Weights, cache);
        (MaxSequences, _chunk) = (options.MaxSequences, options.PrefillChunk);
        _slots = new(Move, Swap);
        _prefixes = new(options.MaxPrefixBytes);
        _runner = new(_spec, graphPath, sessionOptions, cache, Math.Max(_chunk, MaxSequences));
    }

    public int MaxSequences { get; }

    public PrefixUse Prefixes => _prefixes.Use;

    public bool Remembers(ServedPrompt prompt) => _prefixes.Contains(PrefixKey.Of(prompt, []));

    public ISequence Open(ServedPrompt? prompt, int capacity, ReadOnlyMemory<int> encoderInput = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Requests.Check(prompt, capacity, _spec, _slots.Sequences.Count, MaxSequences);
        return Add(new OnnxSequence(this, prompt, capacity));
    }

    public ISequence Fork(ISequence origin, int capacity)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var from = origin as OnnxSequence;
        Requests.CheckFork(origin.Length, capacity, isOpen: from?.Session == this && !from.IsClosed);
        Requests.Check(from!.Prompt, capacity, _spec, _slots.Sequences.Count, MaxSequences);
        var fork = Add(new OnnxSequence(this, from.Prompt, capacity));
        _cache.Move(from.Slot, fork.Slot, from.Length);
        fork.Length = from.Length;
        return fork;
    }

    private OnnxSequence Add(OnnxSequence sequence)
    {
        var positions = _slots.Sequences.Aggregate(sequence.Capacity, (most, s) => Math.Max(most, s.Capacity));
        if (_cache.Reserve(_slots.Sequences.Count + 1, positions, [.. _slots.Sequences.Select(s => s.Length)]))
            _runner.Unbind();
        _slots.Add(sequence);
        return sequence;
    }

    public StepLogits Run(IReadOnlyList<SequenceStep> steps)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Requests.Check(steps, this, _spec);
        Plan(steps);
        Decode(steps);
        for (var i = 0; i < steps.Count; i++)
        {
            var sequence = (OnnxSequence)steps[i].Sequence;
            if (!_decoding.Contains(sequence))
                Prefill(sequence, steps[i], _firstRows[i]);
        }
        return new(_runner.Logits.All, _spec.VocabularySize, _firstRows);
    }

    /// <summary>Frees the model once the last sequence is closed.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        ReleaseWhenEmpty();
    }

    public void Close(OnnxSequence sequence)
    {
        if (sequence.IsClosed)
            return;
        sequence.IsClosed = true;
        _slots.Remove(sequence);
        ReleaseWhenEmpty();
    }

    // Decoding sequences have the first rows of logits, in the order of their slots; the others follow in the order of the steps.
    private void Plan(IReadOnlyList<SequenceStep> steps)
    {
        _decoding.Clear();
        foreach (var step in steps)
        {
            if (step.Sequence.Length > 0 && step.Tokens.Length == 1)
                _decoding.Add((OnnxSequence)step.Sequence);
        }
        _slots.PlaceFirst(_decoding);
        if (_firstRows.Length < steps.Count)
            _firstRows = new int[Math.Max(steps.Count, MaxSequences)];
        var rows = _decoding.Count;
        for (var i = 0; i < steps.Count; i++)
        {
            var sequence = (OnnxSequence)steps[i].Sequence;
            (_firstRows[i], rows) = _decoding.Contains(sequence) ? (sequence.Slot, rows) : (rows, rows + steps[i].LogitRows);
        }
        _runner.ReserveLogits(rows);
    }

    private void Decode(IReadOnlyList<SequenceStep> steps)
    {
        if (_decoding.Count == 0)
            return;
        Span<int> lengths = stackalloc int[_decoding.Count];
        foreach (var step in steps)
        {
            var sequence = (OnnxSequence)step.Sequence;
            if (!_decoding.Contains(sequence))
                continue;
            lengths[sequence.Slot] = sequence.Length;
            _weights.ReadToken(_spec, step.Tokens.Span[0], _runner.Embedding(sequence.Slot));
        }
        _runner.Decode(lengths);
        foreach (var sequence in _decoding)
            sequence.Length++;
    }

    private void Prefill(OnnxSequence sequence, SequenceStep step, int firstRow)
    {
        var shared = sequence.Length == 0 ? step.SharedTokens : 0;
        var own = step.Tokens[shared..];
        if (sequence.OwesPrompt || shared > 0)
        {
            var wanted = Math.Max(0, step.LogitRows - own.Length);
            Begin(sequence, step.Tokens[..shared], wanted, firstRow);
            firstRow += wanted;
        }
        RunChunks(sequence, own.Length, Math.Min(step.LogitRows, own.Length), firstRow, Embed(own));
    }

    // The prompt's rows and the shared tokens are chunks of their own: what they leave in the cache depends on nothing else.
    private void Begin(OnnxSequence sequence, ReadOnlyMemory<int> head, int wantedRows, int firstRow)
    {
        var wantedOfPrompt = Math.Max(0, wantedRows - head.Length);
        var wantedOfHead = wantedRows - wantedOfPrompt;
        if (!head.IsEmpty && wantedRows <= 1 && Restore(sequence, PrefixKey.Of(sequence.Prompt, head.Span), wantedRows, firstRow))
            return;
        if (sequence.Prompt is KeyValuePrefix prefix)
        {
            _cache.Fill(sequence.Slot, prefix);
            sequence.Length = prefix.VirtualTokens;
        }
        else if (sequence.Prompt is SoftPrompt rows)
        {
            var key = PrefixKey.Of(rows, []);
            if (!Restore(sequence, key, wantedOfPrompt, firstRow))
            {
                RunChunks(sequence, rows.VirtualTokens, wantedOfPrompt, firstRow, (position, row) =>
                    rows.Values.Span.Slice(position * _spec.EmbeddingSize, _spec.EmbeddingSize).CopyTo(row));
                Keep(sequence, key, wantedOfPrompt, firstRow);
            }
        }
        if (head.IsEmpty)
            return;
        RunChunks(sequence, head.Length, wantedOfHead, firstRow + wantedOfPrompt, Embed(head));
        if (wantedRows <= 1)
            Keep(sequence, PrefixKey.Of(sequence.Prompt, head.Span), wantedRows, firstRow);
    }

    /// <param name="wantedRows">0 or 1.</param>
    private bool Restore(OnnxSequence sequence, string key, int wantedRows, int row)
    {
        if (_prefixes.Find(key) is not { } snapshot)
            return false;
        _cache.Load(snapshot.KeysAndValues, sequence.Slot, snapshot.Length);
        sequence.Length = snapshot.Length;
        if (wantedRows == 1)
            snapshot.Logits.CopyTo(_runner.Logits.Row(row));
        return true;
    }

    /// <inheritdoc cref="Restore"/>
    private void Keep(OnnxSequence sequence, string key, int wantedRows, int row)
    {
        var bytes = _cache.BytesOf(sequence.Length) + sizeof(float) * (long)_spec.VocabularySize;
        if (!_prefixes.Takes(bytes))
            return;
        float[] logits = [.. _runner.Logits.Row(wantedRows == 1 ? row : _runner.Logits.SpareRow)];
        _prefixes.Add(key, new(_cache.Save(sequence.Slot, sequence.Length), sequence.Length, logits), bytes);
    }

    private Action<int, Span<float>> Embed(ReadOnlyMemory<int> tokens) =>
        (position, row) => _weights.ReadToken(_spec, tokens.Span[position], row);

    private void RunChunks(OnnxSequence sequence, int positions, int wantedRows, int firstRow, Action<int, Span<float>> embed)
    {
        for (var start = 0; start < positions; start += _chunk)
        {
            var count = Math.Min(_chunk, positions - start);
            for (var i = 0; i < count; i++)
                embed(start + i, _runner.Embedding(i));
            var rows = Math.Clamp(start + count - (positions - wantedRows), 0, count);
            _runner.Prefill(sequence.Slot, sequence.Length, count, rows, firstRow);
            firstRow += rows;
            sequence.Length += count;
        }
    }

    private void Move(OnnxSequence sequence, int slot) => _cache.Move(sequence.Slot, slot, sequence.Length);

    private void Swap(OnnxSequence left, OnnxSequence right)
    {
        if (right.Length == 0)
            Move(left, right.Slot);
        else
            _cache.Swap(left.Slot, right.Slot, Math.Max(left.Length, right.Length));
    }

    private void ReleaseWhenEmpty()
    {
        if (!_disposed || _slots.Sequences.Count > 0)
            return;
        _prefixes.Dispose();
        _runner.Dispose();
        _cache.Dispose();
    }
}
