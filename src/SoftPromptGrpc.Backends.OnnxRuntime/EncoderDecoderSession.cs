using Microsoft.ML.OnnxRuntime;
using SoftPromptGrpc.Backends.OnnxRuntime.Export;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Backends.OnnxRuntime;

/// <summary>
/// An encoder-decoder loaded into ONNX Runtime. A sequence's input is encoded alone, in its first step, and the keys and values
/// that cross-attention makes of it are kept. The decoder advances all sequences of a step together, position by position, so that no result depends on
/// its company or on how a sequence's tokens are divided into steps.
/// </summary>
internal sealed class EncoderDecoderSession : IInferenceSession
{
    private readonly EncoderDecoderSpec _spec;
    private readonly IModelWeights _weights;
    private readonly KvCache _outputs;
    private readonly KvCache _inputs;
    private readonly EncoderRunner _encoder;
    private readonly DecoderStepRunner _decoder;
    private readonly SlotTable<EncoderDecoderSequence> _slots;
    private float[] _logits = [];
    private bool _disposed;

    /// <param name="outputs">Empty, as <paramref name="inputs"/> is; both are owned by the session from now on.</param>
    public EncoderDecoderSession(
        BaseModel model, string graphPath, SessionOptions sessionOptions, int maxSequences, KvCache outputs, KvCache inputs)
    {
        (_spec, _weights, MaxSequences) = ((EncoderDecoderSpec)model.Spec, model.Weights, maxSequences);
        (_outputs, _inputs) = (outputs, inputs);
        var encoderPath = Path.Combine(Path.GetDirectoryName(graphPath)!, GraphBuilder.GraphFile(EncoderDecoderGraphs.EncoderName));
        _encoder = new(_spec, _weights, encoderPath, sessionOptions);
        _decoder = new(_spec, _weights, graphPath, sessionOptions, outputs, inputs, maxSequences);
        _slots = new(Move, Swap);
    }

    public int MaxSequences { get; }

    public ISequence Open(ServedPrompt? prompt, int capacity, ReadOnlyMemory<int> encoderInput = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, (prompt as KeyValuePrefix)?.VirtualTokens ?? 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, _spec.ContextLength);
        if (prompt?.MisfitWith(_spec) is { } misfit)
            throw new ArgumentException($"The prompt does not fit the model: {misfit}.", nameof(prompt));
        _spec.RequireInput(prompt, encoderInput.Span);
        return Add(new EncoderDecoderSequence(this, prompt, encoderInput.ToArray(), capacity));
    }

    public ISequence Fork(ISequence origin, int capacity)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var from = origin as EncoderDecoderSequence;
        Requests.CheckFork(origin.Length, capacity, isOpen: from?.Session == this && !from.IsClosed);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, _spec.ContextLength);
        var fork = Add(new EncoderDecoderSequence(this, from!.Prompt, from.Input, capacity));
        _outputs.Move(from.Slot, fork.Slot, from.Length);
        _inputs.Move(from.Slot, fork.Slot, from.InputPositions);
        (fork.Length, fork.HasBegun) = (from.Length, true);
        return fork;
    }

    public StepLogits Run(IReadOnlyList<SequenceStep> steps)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Check(steps);
        foreach (var step in steps)
            Begin((EncoderDecoderSequence)step.Sequence);
        var firstRows = new int[steps.Count];
        for (var i = 1; i < steps.Count; i++)
            firstRows[i] = firstRows[i - 1] + steps[i - 1].LogitRows;
        Reserve(steps.Sum(step => step.LogitRows));
        var longest = steps.Select(step => step.Tokens.Length).DefaultIfEmpty(0).Max();
        for (var position = 0; position < longest; position++)
            Decode(steps, position, firstRows);
        return new(_logits, _spec.VocabularySize, firstRows);
    }

    /// <summary>Frees the model once the last sequence is closed.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        ReleaseWhenEmpty();
    }

    public void Close(EncoderDecoderSequence sequence)
    {
        if (sequence.IsClosed)
            return;
        sequence.IsClosed = true;
        _slots.Remove(sequence);
        ReleaseWhenEmpty();
    }

    private EncoderDecoderSequence Add(EncoderDecoderSequence sequence)
    {
        if (_slots.Sequences.Count == MaxSequences)
            throw new SoftPromptException(ErrorKind.Overloaded, $"All {MaxSequences} places of the model are taken.");
        Reserve(sequence);
        _slots.Add(sequence);
        return sequence;
    }

    private void Reserve(EncoderDecoderSequence added)
    {
        EncoderDecoderSequence[] all = [.. _slots.Sequences, added];
        _outputs.Reserve(all.Length, all.Max(s => s.Capacity), [.. _slots.Sequences.Select(s => s.Length)]);
        _inputs.Reserve(all.Length, all.Max(s => s.InputPositions), [.. _slots.Sequences.Select(EncodedLength)]);
    }

    private void Reserve(int rows)
    {
        var length = (long)rows * _spec.VocabularySize;
        if (length > Array.MaxLength)
            throw new SoftPromptException(ErrorKind.Overloaded, "One step asks for too many rows of logits.");
        if (_logits.Length < length)
            _logits = new float[length];
    }

    private void Check(IReadOnlyList<SequenceStep> steps)
    {
        var seen = new HashSet<ISequence>();
        foreach (var step in steps)
        {
            if (step.Sequence is not EncoderDecoderSequence sequence || sequence.Session != this || sequence.IsClosed || !seen.Add(sequence))
                throw new ArgumentException("A step's sequence is closed, not of this session, or there twice.", nameof(steps));
            if ((step.Tokens.IsEmpty && (sequence.HasBegun || !sequence.HasPrompt)) || step.LogitRows < 0 || step.LogitRows > step.Tokens.Length)
                throw new ArgumentException("A step has no tokens, or asks for more rows of logits than it has.", nameof(steps));
            var prefix = sequence.HasBegun ? 0 : sequence.Prefix?.VirtualTokens ?? 0;
            if (sequence.Length + prefix + step.Tokens.Length > sequence.Capacity)
                throw new ArgumentException("A step exceeds its sequence's capacity.", nameof(steps));
            foreach (var token in step.Tokens.Span)
            {
                if ((uint)token >= (uint)_spec.VocabularySize)
                    throw new ArgumentException($"Token {token} is outside the vocabulary.", nameof(steps));
            }
        }
    }

    private void Begin(EncoderDecoderSequence sequence)
    {
        if (sequence.HasBegun)
            return;
        var (virtualTokens, hidden) = (sequence.Rows?.VirtualTokens ?? 0, _spec.HiddenSize);
        _encoder.Run(
            sequence.InputPositions,
            (position, row) =>
            {
                if (position < virtualTokens)
                    sequence.Rows!.Values.Span.Slice(position * hidden, hidden).CopyTo(row);
                else
                    _weights.ReadToken(_spec, sequence.Input.Span[position - virtualTokens], row);
            },
            (layer, rows) => _inputs.Fill(sequence.Slot, layer, rows, sequence.InputPositions));
        if (sequence.Prefix is { } prefix)
        {
            _outputs.Fill(sequence.Slot, prefix);
            sequence.Length = prefix.VirtualTokens;
        }
        sequence.HasBegun = true;
    }

    /// <summary>Runs the steps' tokens at one place.</summary>
    private void Decode(IReadOnlyList<SequenceStep> steps, int position, int[] firstRows)
    {
        int[] taking = [.. Enumerable.Range(0, steps.Count).Where(i => position < steps[i].Tokens.Length)];
        _slots.PlaceFirst([.. taking.Select(i => (EncoderDecoderSequence)steps[i].Sequence)]);
        foreach (var i in taking)
            _weights.ReadToken(_spec, steps[i].Tokens.Span[position], _decoder.Embedding(((EncoderDecoderSequence)steps[i].Sequence).Slot));
        _decoder.Run([.. _slots.Sequences.Take(taking.Length).Select(s => (s.Length, s.InputPositions))]);
        foreach (var i in taking)
        {
            var (sequence, row) = ((EncoderDecoderSequence)steps[i].Sequence, position - (steps[i].Tokens.Length - steps[i].LogitRows));
            if (row >= 0)
                _decoder.Logits(sequence.Slot).CopyTo(_logits.AsSpan((firstRows[i] + row) * _spec.VocabularySize));
            sequence.Length++;
        }
    }

    private void Move(EncoderDecoderSequence sequence, int slot)
    {
        _outputs.Move(sequence.Slot, slot, sequence.Length);
        _inputs.Move(sequence.Slot, slot, EncodedLength(sequence));
    }

    private void Swap(EncoderDecoderSequence left, EncoderDecoderSequence right)
    {
        _outputs.Swap(left.Slot, right.Slot, Math.Max(left.Length, right.Length));
        _inputs.Swap(left.Slot, right.Slot, Math.Max(EncodedLength(left), EncodedLength(right)));
    }

    private static int EncodedLength(EncoderDecoderSequence sequence) => sequence.HasBegun ? sequence.InputPositions : 0;

    private void ReleaseWhenEmpty()
    {
        if (!_disposed || _slots.Sequences.Count > 0)
            return;
        _encoder.Dispose();
        _decoder.Dispose();
        _outputs.Dispose();
        _inputs.Dispose();
    }
}
