using Microsoft.ML.OnnxRuntime;
using SoftPromptGrpc.Backends.OnnxRuntime.Prefixes;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Paged;

/// <summary>
/// A model whose steps run as one batch of rows, whatever sequences they belong to, over blocks of keys and values: sequences that begin
/// alike share them. What a row gets depends neither on its company nor on how rows are divided into runs.
/// </summary>
internal sealed class PagedSession : IInferenceSession
{
    private readonly DecoderSpec _spec;
    private readonly IModelWeights _weights;
    private readonly BlockPool _pool;
    private readonly PackedRunner _runner;
    private readonly PagedPrefixes _prefixes;
    private readonly PackedPass _pass;
    private readonly BlockBudget _budget;
    private int[] _firstRows = [];
    private bool _disposed;

    public PagedSession(BaseModel model, string graphPath, SessionOptions sessionOptions, OnnxOptions options)
    {
        (_spec, _weights, MaxSequences) = ((DecoderSpec)model.Spec, model.Weights, options.MaxSequences);
        var layout = new BlockLayout(CacheShape.Of(_spec), options.CacheType == CacheType.Full ? Float32Element.Size : BFloat16Element.Size);
        _pool = new(layout);
        _budget = new(_pool, options.MaxCacheBytes / layout.BlockBytes, options.MaxPrefixBytes / layout.BlockBytes);
        _runner = new(_spec, graphPath, sessionOptions, layout, options.PrefillChunk + MaxSequences);
        _prefixes = new(_pool, _budget, options.MaxPrefixBytes, _spec.VocabularySize);
        _pass = new(_runner, _pool, _prefixes);
    }

    public int MaxSequences { get; }

    public PrefixUse Prefixes => _prefixes.Use;

    /// <summary>Of sequences and of prompts that are remembered, each once.</summary>
    public int BlocksInUse => _pool.Used;

    public bool Remembers(ServedPrompt prompt) => _prefixes.Peek(PrefixKey.Of(prompt, [])) is not null;

    public ISequence Open(ServedPrompt? prompt, int capacity, ReadOnlyMemory<int> encoderInput = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var prefix = prompt is null ? null : _prefixes.Peek(PrefixKey.Of(prompt, []));
        var sequence = Create(prompt, capacity, prefix?.WholeBlocks ?? 0);
        if (prefix is not null)
            sequence.Begin(prefix);
        _budget.Add(sequence);
        return sequence;
    }

    public ISequence Fork(ISequence origin, int capacity)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var from = origin as PagedSequence;
        Requests.CheckFork(origin.Length, capacity, isOpen: from?.Session == this && !from.IsClosed);
        var sequence = Create(from!.Prompt, capacity, from.Length / BlockLayout.Positions);
        sequence.Continue(from);
        _budget.Add(sequence);
        return sequence;
    }

    public StepLogits Run(IReadOnlyList<SequenceStep> steps)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Requests.Check(steps, this, _spec);
        PendingStep[] all = [.. steps.Select((step, i) => new PendingStep(step, i))];
        _runner.Logits.Reserve(all.Sum(step => step.Step.LogitRows + step.Beginnings.Count));
        var nextRow = 0;
        for (IReadOnlyList<PendingStep> pending = all; pending.Count > 0;)
        {
            pending = _pass.Collect(pending, nextRow, Embed);
            nextRow = _pass.Run();
        }
        if (_firstRows.Length < steps.Count)
            _firstRows = new int[Math.Max(steps.Count, MaxSequences)];
        foreach (var step in all)
            _firstRows[step.Index] = Math.Max(0, step.FirstRow);
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

    public void Close(PagedSequence sequence)
    {
        if (sequence.IsClosed)
            return;
        sequence.IsClosed = true;
        _budget.Remove(sequence);
        ReleaseWhenEmpty();
    }

    /// <param name="shared">Blocks that it is about to share.</param>
    private PagedSequence Create(ServedPrompt? prompt, int capacity, int shared)
    {
        Requests.Check(prompt, capacity, _spec, _budget.Count, MaxSequences);
        return _budget.HasRoom(capacity, shared) ? new(this, _pool, prompt, capacity)
            : throw new SoftPromptException(ErrorKind.Overloaded, "The model's cache has no room for another sequence of this length.");
    }

    private void Embed(PendingStep step, int position, Span<float> row)
    {
        var virtualToken = step.VirtualToken(position, _spec.EmbeddingSize);
        if (virtualToken.IsEmpty)
            _weights.ReadToken(_spec, step.Token(position), row);
        else
            virtualToken.CopyTo(row);
    }

    private void ReleaseWhenEmpty()
    {
        if (!_disposed || _budget.Count > 0)
            return;
        _prefixes.Dispose();
        _runner.Dispose();
        _pool.Dispose();
    }
}
