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
    private readonly HashSet<PagedSequence> _open = [];
    private readonly long _mostBlocks;
    private long _promisedBlocks;
    private int[] _firstRows = [];
    private bool _disposed;

    public PagedSession(BaseModel model, string graphPath, SessionOptions sessionOptions, OnnxOptions options)
    {
        (_spec, _weights, MaxSequences) = ((DecoderSpec)model.Spec, model.Weights, options.MaxSequences);
        var layout = new BlockLayout(CacheShape.Of(_spec), options.CacheType == CacheType.Full ? Float32Element.Size : BFloat16Element.Size);
        _mostBlocks = options.MaxCacheBytes / layout.BlockBytes;
        _pool = new(layout);
        _runner = new(_spec, graphPath, sessionOptions, layout, options.PrefillChunk + MaxSequences);
        _prefixes = new(_pool, options.MaxPrefixBytes, _spec.VocabularySize);
        _pass = new(_runner, _pool, _prefixes);
    }

    public int MaxSequences { get; }

    public PrefixUse Prefixes => _prefixes.Use;

    public bool Remembers(ServedPrompt prompt) => _prefixes.Contains(PrefixKey.Of(prompt, []));

    public ISequence Open(ServedPrompt? prompt, int capacity, ReadOnlyMemory<int> encoderInput = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        Requests.Check(prompt, capacity, _spec, _open.Count, MaxSequences);
        var blocks = BlockLayout.BlocksOf(capacity);
        if (_promisedBlocks + blocks > _mostBlocks)
            throw new SoftPromptException(ErrorKind.Overloaded, "The model's cache has no room for another sequence of this length.");
        _promisedBlocks += blocks;
        var sequence = new PagedSequence(this, prompt, capacity);
        _open.Add(sequence);
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
        sequence.Blocks.ForEach(_pool.Release);
        sequence.Blocks.Clear();
        _promisedBlocks -= BlockLayout.BlocksOf(sequence.Capacity);
        _open.Remove(sequence);
        ReleaseWhenEmpty();
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
        if (!_disposed || _open.Count > 0)
            return;
        _prefixes.Dispose();
        _runner.Dispose();
        _pool.Dispose();
    }
}
