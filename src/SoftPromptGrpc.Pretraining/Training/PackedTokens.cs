using SoftPromptGrpc.Pretraining.Tokenizer;

namespace SoftPromptGrpc.Pretraining.Training;

/// <summary>Documents one after the other, an end of text after each, cut into rows without regard to their borders where nothing else is said.</summary>
internal sealed class PackedTokens
{
    private readonly ushort[] _ids;

    private PackedTokens(ushort[] ids) => _ids = ids;

    public int Count => _ids.Length;

    /// <summary>As many documents as it takes for <paramref name="count"/> tokens and one more, the last one's target.</summary>
    /// <param name="freshRowAt">
    /// From a position on, the length of the rows that begin with a document, the rest of the one before left out; 0: there are none.
    /// </param>
    public static PackedTokens Of(IEnumerable<string> documents, Func<string, IEnumerable<int>> encode, int count, Func<int, int>? freshRowAt = null)
    {
        var ids = new List<ushort>(count + 1024);
        foreach (var document in documents)
        {
            var row = freshRowAt?.Invoke(ids.Count) ?? 0;
            var rowEnd = row > 0 ? ids.Count + row - (ids.Count % row) : int.MaxValue;
            foreach (var id in encode(document))
                ids.Add(checked((ushort)id));
            ids.Add(BpeVocabulary.EndOfText);
            if (ids.Count > rowEnd)
                ids.RemoveRange(rowEnd, ids.Count - rowEnd);
            if (ids.Count > count)
                break;
        }
        if (ids.Count <= count)
            throw new ArgumentException($"The documents hold {ids.Count} tokens, {count + 1} are needed.", nameof(documents));
        return new PackedTokens([.. ids.Take(count + 1)]);
    }

    /// <summary>Inputs and, one further, targets of one batch.</summary>
    public (long[] Inputs, long[] Targets) Batch(int index, int tokens)
    {
        var span = _ids.AsSpan(index * tokens, tokens + 1);
        var (inputs, targets) = (new long[tokens], new long[tokens]);
        for (var i = 0; i < tokens; i++)
            (inputs[i], targets[i]) = (span[i], span[i + 1]);
        return (inputs, targets);
    }
}
