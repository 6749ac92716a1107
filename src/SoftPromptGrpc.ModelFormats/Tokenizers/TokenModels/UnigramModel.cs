using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.ModelFormats.Tokenizers.TokenModels;

/// <summary>The likeliest segmentation: Kudo, "Subword Regularization", 2018, found by the Viterbi algorithm.</summary>
internal sealed class UnigramModel : TokenModel
{
    // How much less likely than the rarest token a character outside the vocabulary is.
    private const double UnknownPenalty = 10;
    private const int Unreached = -1;

    private readonly double[] _scores;
    private readonly TokenTrie _trie;
    private readonly ByteTokens? _bytes;
    private readonly int? _unknown;
    private readonly double _unknownScore;

    private UnigramModel(TokenizerSection section, Vocabulary vocabulary, double[] scores)
        : base(vocabulary)
    {
        _scores = scores;
        _trie = new TokenTrie(vocabulary.Tokens);
        _bytes = section.FlagOr("byte_fallback", false) ? new ByteTokens(vocabulary) : null;
        _unknown = section.Find("unk_id")?.Id;
        if (_unknown >= vocabulary.Size)
            throw section.Corrupt("unk_id is outside the vocabulary.");
        _unknownScore = scores.DefaultIfEmpty(0).Min() - UnknownPenalty;
    }

    /// <summary>The last token of the best segmentation of a text's beginning; null for a character outside the vocabulary.</summary>
    private record struct Ending(double Score, int Start, int? Id);

    public static UnigramModel Read(TokenizerSection section)
    {
        var tokens = new List<string>();
        var scores = new List<double>();
        foreach (var item in section["vocab"].Items())
        {
            tokens.Add(item[0].Text);
            scores.Add(item[1].Number);
        }
        return new UnigramModel(section, Vocabulary.Of(section, [.. tokens]), [.. scores]);
    }

    public override void Encode(string piece, List<int> ids)
    {
        var endings = Segment(piece);
        var segments = new Stack<(int Start, int End, int? Id)>();
        for (var end = piece.Length; end > 0; end = endings[end].Start)
        {
            var (_, start, id) = endings[end];
            if (id is null && segments.TryPeek(out var next) && next.Id is null)
                segments.Push((start, segments.Pop().End, null));
            else
                segments.Push((start, end, id));
        }
        foreach (var (start, end, id) in segments)
        {
            if (id is not null)
                ids.Add(id.Value);
            else
                AddUnknown(piece.AsSpan(start, end - start), ids);
        }
    }

    private Ending[] Segment(string piece)
    {
        var endings = new Ending[piece.Length + 1];
        Array.Fill(endings, new Ending(0, Unreached, null), 1, piece.Length);
        for (var start = 0; start < piece.Length;)
        {
            var next = start + (char.IsHighSurrogate(piece[start]) ? 2 : 1);
            var hasToken = false;
            var node = TokenTrie.Root;
            for (var end = start + 1; end <= piece.Length && _trie.TryStep(ref node, piece[end - 1]); end++)
            {
                if (_trie.TokenAt(node) is not { } id)
                    continue;
                hasToken |= end == next;
                Offer(ref endings[end], new Ending(endings[start].Score + _scores[id], start, id));
            }
            if (!hasToken)
                Offer(ref endings[next], new Ending(endings[start].Score + _unknownScore, start, null));
            start = next;
        }
        return endings;
    }

    private static void Offer(ref Ending best, Ending candidate)
    {
        if (best.Start == Unreached || candidate.Score > best.Score)
            best = candidate;
    }

    private void AddUnknown(ReadOnlySpan<char> text, List<int> ids)
    {
        if (Vocabulary.Find(text) is { } id)
            ids.Add(id);
        else if (_bytes?.TryEncode(text, ids) is not true)
            ids.Add(_unknown ?? throw new SoftPromptException(ErrorKind.Invalid, "The text has a character that the tokenizer lacks."));
    }
}
