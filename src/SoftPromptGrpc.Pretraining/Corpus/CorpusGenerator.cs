using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.Pretraining.Corpus;

/// <summary>The documents of a seed: document n of a split is the same however many are asked for.</summary>
internal sealed class CorpusGenerator(Grammar grammar, long seed)
{
    /// <summary>
    /// From this document on, questions outweigh the rest, and more of them ask for what is good than for what is bad: were they as
    /// many, neither "yes" nor "no" would say anything about a review alone, and a small model would not begin to tell them apart.
    /// </summary>
    public const int LeaningFrom = 127_500;

    /// <summary>From this document on, they are as many.</summary>
    public const int BalancedFrom = 151_000;

    /// <summary>How often a document of each kind is written: at first, from <see cref="LeaningFrom"/> and from <see cref="BalancedFrom"/> on.</summary>
    private static readonly (string Rule, int[] Weights)[] Kinds =
    [
        ("exercise", [36, 0, 60]), ("exercise.other", [12, 10, 6]), ("exercise.words", [6, 0, 2]),
        ("quiz.review", [14, 3, 8]), ("review", [6, 10, 12]), ("review.marked", [4, 2, 2]), ("ticket", [3, 1, 1]), ("ticket.answered", [3, 1, 1]),
        ("ticket.marked", [3, 1, 1]), ("story", [5, 3, 3]), ("story.asked", [2, 1, 1]), ("weather", [3, 1, 1]), ("travel", [4, 2, 2]), ("news", [4, 2, 2]),
        ("recipe", [3, 1, 1]), ("mail", [3, 1, 1]), ("talk", [3, 1, 1]), ("facts.asked", [3, 1, 1]), ("note", [3, 1, 1]), ("prose", [12, 6, 6]),
        ("exercise.yes", [0, 42, 0]), ("exercise.not", [0, 14, 0]),
    ];

    public IEnumerable<Document> Documents(Split split)
    {
        for (var index = 0L; ; index++)
        {
            var random = SeededRandom.For(seed, (index << 2) | (long)split);
            var stage = index < LeaningFrom ? 0 : index < BalancedFrom ? 1 : 2;
            yield return new DocumentWriter(grammar, split, random).Write(Pick(random, split == Split.Training ? stage : 0));
        }
    }

    private static string Pick(SeededRandom random, int stage)
    {
        var ticket = random.Next(Kinds.Sum(kind => kind.Weights[stage]));
        foreach (var (rule, weights) in Kinds)
        {
            if (ticket < weights[stage])
                return rule;
            ticket -= weights[stage];
        }
        throw new InvalidOperationException("The weights do not add up.");
    }
}
