using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.Pretraining.Corpus;

/// <summary>The documents of a seed: document n of a split is the same however many are asked for.</summary>
internal sealed class CorpusGenerator(Grammar grammar, long seed)
{
    /// <summary>From this document on, exercises outweigh the rest: by then the language is learned, what questions ask for is not.</summary>
    private const int LaterFrom = 46_000;

    private static readonly (string Rule, int Weight, int LaterWeight)[] Kinds =
    [
        ("exercise", 34, 62), ("review", 10, 4), ("review.marked", 6, 3), ("quiz.review", 9, 12), ("ticket", 5, 1),
        ("ticket.answered", 4, 2), ("ticket.marked", 4, 2), ("story", 8, 4), ("story.asked", 3, 1), ("weather", 4, 1), ("travel", 4, 2),
        ("news", 4, 1), ("recipe", 4, 1), ("mail", 3, 1), ("talk", 4, 1), ("facts.asked", 4, 1), ("note", 3, 1),
    ];

    public IEnumerable<Document> Documents(Split split)
    {
        for (var index = 0L; ; index++)
        {
            var random = SeededRandom.For(seed, (index << 2) | (long)split);
            var kind = Pick(random, later: split == Split.Training && index >= LaterFrom);
            yield return new DocumentWriter(grammar, split, random).Write(kind);
        }
    }

    private static string Pick(SeededRandom random, bool later)
    {
        var ticket = random.Next(Kinds.Sum(Weight));
        foreach (var kind in Kinds)
        {
            if (ticket < Weight(kind))
                return kind.Rule;
            ticket -= Weight(kind);
        }
        throw new InvalidOperationException("The weights do not add up.");

        int Weight((string Rule, int First, int Later) kind) => later ? kind.Later : kind.First;
    }
}
