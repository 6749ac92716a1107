using SoftPromptGrpc.Backends.OnnxRuntime.Prefixes;
using SoftPromptGrpc.Core.Inference;
using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Backends.OnnxRuntime.Paged;

/// <summary>What sequences begin with: its blocks are those of every sequence that begins so.</summary>
internal sealed class PagedPrefixes(BlockPool pool, BlockBudget budget, long maxBytes, int vocabularySize) : IDisposable
{
    private readonly PrefixCache<PagedPrefix> _prefixes = new(maxBytes);

    public PrefixUse Use => _prefixes.Use;

    /// <summary>Null: it is not remembered. Neither counts nor is a use.</summary>
    public PagedPrefix? Peek(string key) => _prefixes.Peek(key);

    /// <summary>Whether it would be remembered once it is computed.</summary>
    public bool Takes(Beginning beginning) => _prefixes.Takes(BytesOf(beginning.Length));

    /// <summary>Begins a sequence with the longest beginning that is remembered, or with its prompt's keys and values.</summary>
    /// <returns>The logits of the position before, should they be wanted; null: they are to be computed, or there are none.</returns>
    public float[]? Begin(PendingStep step)
    {
        foreach (var beginning in step.Beginnings.AsEnumerable().Reverse())
        {
            // Of a beginning only the last position's logits are remembered.
            if (step.FirstWanted < beginning.Length - 1 || _prefixes.Find(beginning.Key) is not { } prefix)
                continue;
            return Begin(step, prefix);
        }
        // It may have been forgotten since the sequence was opened.
        if (step.Sequence is { Length: 0, Beginning: { } beginsWith })
            return Begin(step, beginsWith);
        if (step.Sequence.Prompt is KeyValuePrefix values && step.Sequence.Length == 0)
            Fill(step, values);
        return null;
    }

    /// <summary>Remembers a sequence's beginning that has been computed.</summary>
    /// <param name="logits">Of its last position; empty where it has none.</param>
    public void Keep(PagedSequence sequence, Beginning beginning, ReadOnlySpan<float> logits)
    {
        if (!Takes(beginning) || Peek(beginning.Key) is not null || !budget.HasRoomToKeep)
            return;
        var blocks = pool.Keep(sequence.Blocks, beginning.Length);
        sequence.Share(beginning.Length);
        _prefixes.Add(beginning.Key, new(pool, blocks, beginning.Length, logits.ToArray()), BytesOf(beginning.Length));
    }

    public void Dispose() => _prefixes.Dispose();

    private static float[]? Begin(PendingStep step, PagedPrefix prefix)
    {
        step.Sequence.Begin(prefix);
        step.Sequence.Length = prefix.Length;
        return step.FirstWanted < prefix.Length ? prefix.Logits : null;
    }

    private void Fill(PendingStep step, KeyValuePrefix values)
    {
        var sequence = step.Sequence;
        while (sequence.Blocks.Count < BlockLayout.BlocksOf(values.VirtualTokens))
            sequence.Blocks.Add(pool.Take());
        if (pool.Layout.ElementSize == Float32Element.Size)
            BlockWriter<Float32Element>.Fill(sequence.Blocks, pool.Layout, values);
        else
            BlockWriter<BFloat16Element>.Fill(sequence.Blocks, pool.Layout, values);
        sequence.Length = values.VirtualTokens;
        Keep(sequence, step.Beginnings[0], []);
    }

    private long BytesOf(int positions) =>
        (long)BlockLayout.BlocksOf(positions) * pool.Layout.BlockBytes + sizeof(float) * (long)vocabularySize;
}
