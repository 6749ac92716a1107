namespace SoftPromptGrpc.ModelFormats.Tokenizers.TokenModels;

/// <summary>Which two neighbouring tokens become one, and in which order of preference.</summary>
internal sealed class BpeMerges
{
    // Up to here, looking through all pairs after each merge is faster than keeping a queue.
    private const int ShortSequence = 24;
    private const int Removed = -1;
    private readonly Dictionary<(int Left, int Right), Merge> _merges;

    private BpeMerges(Dictionary<(int Left, int Right), Merge> merges) => _merges = merges;

    private readonly record struct Merge(int Rank, int Id);

    /// <summary>["a b", …], or in newer files [["a", "b"], …].</summary>
    /// <param name="continuingPrefix">What the right token begins with and the merged one does not repeat.</param>
    public static BpeMerges Read(TokenizerSection section, Vocabulary vocabulary, string continuingPrefix)
    {
        var merges = new Dictionary<(int, int), Merge>(section.Count);
        var rank = 0;
        foreach (var item in section.Items().Where(item => !IsComment(item)))
        {
            var (left, right) = item.IsText ? SplitAtSpace(item) : (item[0].Text, item[1].Text);
            if (right.Length < continuingPrefix.Length)
                throw item.Corrupt("a merge lacks the continuing subword prefix.");
            var merged = vocabulary.Require(item, left + right[continuingPrefix.Length..]);
            merges[(vocabulary.Require(item, left), vocabulary.Require(item, right))] = new Merge(rank++, merged);
        }
        return new BpeMerges(merges);
    }

    /// <summary>Merges in place; returns what remains.</summary>
    public ReadOnlySpan<int> Apply(Span<int> ids) => ids.Length <= ShortSequence ? ApplyByScan(ids) : ApplyByQueue(ids);

    // The first line of the merges.txt that old files were made from.
    private static bool IsComment(TokenizerSection item) => item.IsText && item.Text.StartsWith("#version", StringComparison.Ordinal);

    private static (string Left, string Right) SplitAtSpace(TokenizerSection item)
    {
        return item.Text.Split(' ') is [var left, var right] ? (left, right) : throw item.Expected("two tokens with a space between them");
    }

    private Span<int> ApplyByScan(Span<int> ids)
    {
        while (ids.Length > 1)
        {
            var best = new Merge(int.MaxValue, 0);
            var at = Removed;
            for (var i = 0; i + 1 < ids.Length; i++)
            {
                if (_merges.TryGetValue((ids[i], ids[i + 1]), out var merge) && merge.Rank < best.Rank)
                    (best, at) = (merge, i);
            }
            if (at == Removed)
                break;
            ids[at] = best.Id;
            ids[(at + 2)..].CopyTo(ids[(at + 1)..]);
            ids = ids[..^1];
        }
        return ids;
    }

    private ReadOnlySpan<int> ApplyByQueue(Span<int> ids)
    {
        var sequence = new LinkedTokens(ids);
        var queue = new PriorityQueue<(int At, int Left, int Right, int Merged), long>();
        for (var i = 0; i + 1 < ids.Length; i++)
            Enqueue(ids, i);
        while (queue.TryDequeue(out var merge, out _))
        {
            if (!sequence.IsPair(ids, merge.At, merge.Left, merge.Right))
                continue;
            sequence.Merge(ids, merge.At, merge.Merged);
            if (sequence.Previous(merge.At) is >= 0 and var previous)
                Enqueue(ids, previous);
            Enqueue(ids, merge.At);
        }
        return sequence.Compact(ids);

        void Enqueue(Span<int> tokens, int at)
        {
            var next = sequence.Next(at);
            if (next < 0 || !_merges.TryGetValue((tokens[at], tokens[next]), out var merge))
                return;
            var rankThenPlace = ((long)merge.Rank << 32) | (uint)at;
            queue.Enqueue((at, tokens[at], tokens[next], merge.Id), rankThenPlace);
        }
    }
}
