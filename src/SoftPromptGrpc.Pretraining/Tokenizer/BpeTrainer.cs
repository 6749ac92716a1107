using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using SoftPromptGrpc.ModelFormats.Tokenizers.Text;

namespace SoftPromptGrpc.Pretraining.Tokenizer;

/// <summary>
/// Learns byte-level byte pair encoding (Sennrich et al. 2016): again and again the most frequent pair of neighbours becomes a
/// token. Ties go to the pair with the smaller ids, so that the outcome depends on the texts alone.
/// </summary>
internal sealed partial class BpeTrainer
{
    private readonly List<string> _tokens = [.. BpeVocabulary.SpecialTokens, .. ByteAlphabet.Ordered.Select(c => c.ToString())];
    private readonly List<(int, int)> _merges = [];
    private readonly List<(List<int> Ids, int Count)> _words = [];
    private readonly Dictionary<(int, int), long> _pairCounts = [];
    private readonly Dictionary<(int, int), HashSet<int>> _pairWords = [];

    /// <param name="vocabularySize">Special tokens and byte alphabet included; fewer come out when the texts hold too few pairs.</param>
    public static BpeVocabulary Train(IEnumerable<string> texts, int vocabularySize)
    {
        var trainer = new BpeTrainer();
        trainer.Count(texts);
        while (trainer._tokens.Count < vocabularySize && trainer.MostFrequent() is { } pair)
            trainer.Merge(pair);
        return new BpeVocabulary(trainer._tokens, trainer._merges);
    }

    private void Count(IEnumerable<string> texts)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var text in texts)
        {
            foreach (var match in Word().EnumerateMatches(text))
                CollectionsMarshal.GetValueRefOrAddDefault(counts, text.Substring(match.Index, match.Length), out _)++;
        }
        var ids = _tokens.Select((token, id) => (token, id)).Skip(BpeVocabulary.SpecialTokens.Count).ToDictionary(t => t.token[0], t => t.id);
        foreach (var (word, count) in counts.OrderBy(c => c.Key, StringComparer.Ordinal))
        {
            _words.Add(([.. ByteAlphabet.Spell(word).Select(c => ids[c])], count));
            AddPairs(_words.Count - 1, count);
        }
    }

    private (int, int)? MostFrequent()
    {
        ((int, int) Pair, long Count) best = default;
        foreach (var (pair, count) in _pairCounts)
        {
            if (count > best.Count || (count == best.Count && pair.CompareTo(best.Pair) < 0))
                best = (pair, count);
        }
        return best.Count > 1 ? best.Pair : null;
    }

    private void Merge((int Left, int Right) pair)
    {
        _merges.Add(pair);
        _tokens.Add(_tokens[pair.Left] + _tokens[pair.Right]);
        foreach (var word in _pairWords[pair].Order().ToList())
        {
            var (ids, count) = _words[word];
            AddPairs(word, -count);
            for (var i = 0; i + 1 < ids.Count; i++)
            {
                if (ids[i] != pair.Left || ids[i + 1] != pair.Right)
                    continue;
                ids[i] = _tokens.Count - 1;
                ids.RemoveAt(i + 1);
            }
            AddPairs(word, count);
        }
        _pairWords.Remove(pair);
        _pairCounts.Remove(pair);
    }

    private void AddPairs(int word, int count)
    {
        var ids = _words[word].Ids;
        for (var i = 0; i + 1 < ids.Count; i++)
        {
            var pair = (ids[i], ids[i + 1]);
            CollectionsMarshal.GetValueRefOrAddDefault(_pairCounts, pair, out _) += count;
            if (!_pairWords.TryGetValue(pair, out var words))
                _pairWords[pair] = words = [];
            if (count > 0)
                words.Add(word);
        }
    }

    [GeneratedRegex(BpeVocabulary.WordPattern)]
    private static partial Regex Word();
}
