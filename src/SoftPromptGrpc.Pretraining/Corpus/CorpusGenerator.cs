using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.Pretraining.Corpus;

/// <summary>The documents of a seed: document n of a split is the same however many are asked for.</summary>
internal sealed class CorpusGenerator(Grammar grammar, long seed)
{
    private static readonly (string Rule, int Weight)[] Kinds =
    [
        ("exercise", 34), ("review", 10), ("review.marked", 6), ("quiz.review", 9), ("ticket", 5), ("ticket.answered", 4),
        ("ticket.marked", 4), ("story", 8), ("story.asked", 3), ("weather", 4), ("travel", 4), ("news", 4), ("recipe", 4),
        ("mail", 3), ("talk", 4), ("facts.asked", 4), ("note", 3),
    ];

    private static readonly int TotalWeight = Kinds.Sum(k => k.Weight);

    public static IEnumerable<string> KindNames => Kinds.Select(k => k.Rule);

    public IEnumerable<Document> Documents(Split split)
    {
        for (var index = 0L; ; index++)
        {
            var random = SeededRandom.For(seed, (index << 2) | (long)split);
            var kind = Pick(random.Next(TotalWeight));
            yield return new DocumentWriter(grammar, split, random).Write(kind);
        }
    }

    private static string Pick(int ticket)
    {
        foreach (var (rule, weight) in Kinds)
        {
            if (ticket < weight)
                return rule;
            ticket -= weight;
        }
        throw new ArgumentOutOfRangeException(nameof(ticket));
    }
}
