using SoftPromptGrpc.Pretraining.Corpus;
using SoftPromptGrpc.Pretraining.Tasks;

namespace SoftPromptGrpc.Pretraining.Tests.Corpus;

public sealed class CorpusGeneratorTests
{
    private static readonly Grammar Shipped = Grammar.Shipped();

    private static List<string> Texts(Split split, int count, long seed = 1) =>
        [.. new CorpusGenerator(Shipped, seed).Documents(split).Take(count).Select(d => d.Text)];

    [Fact]
    public void Documents_SameSeed_AreTheSame() => Assert.Equal(Texts(Split.Training, 200), Texts(Split.Training, 200));

    [Fact]
    public void Documents_OtherSeed_AreOthers() =>
        Assert.Empty(Texts(Split.Training, 200).Intersect(Texts(Split.Training, 200, seed: 2)));

    [Fact]
    public void Documents_ManyOfThem_HoldNoGrammarMarks()
    {
        var texts = Texts(Split.Training, 5000).Concat(Texts(Split.HeldOut, 1000));

        Assert.All(texts, text => Assert.DoesNotContain(text, c => "{}$|^[]()".Contains(c, StringComparison.Ordinal)));
    }

    [Fact]
    public void Documents_ManyOfThem_HaveSeveralThousandWords()
    {
        var words = Texts(Split.Training, 20_000).SelectMany(WordsOf).ToHashSet(StringComparer.OrdinalIgnoreCase);

        Assert.True(words.Count > 3000, $"{words.Count} words");
    }

    [Fact]
    public void Documents_HeldOut_ShareNoLongSentenceWithTraining()
    {
        var training = Texts(Split.Training, 8_000).SelectMany(RecommendationTask.LongSentences).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var heldOut = Texts(Split.HeldOut, 500).SelectMany(RecommendationTask.LongSentences).ToList();

        Assert.True(heldOut.Count > 1000);
        Assert.DoesNotContain(heldOut, training.Contains);
    }

    [Fact]
    public void Documents_OnceBalanced_AnswerYesAndNoAlike()
    {
        var answers = new CorpusGenerator(Shipped, 1).Documents(Split.Training).Skip(CorpusGenerator.BalancedFrom).Take(4000)
            .Where(d => !d.Text.Contains("Q:", StringComparison.Ordinal))
            .Select(d => d.Text.Split([' ', '\n'])[^1]).ToList();
        var (yes, no) = (answers.Count(a => a == "yes"), answers.Count(a => a == "no"));

        Assert.InRange(yes + no, 500, 4000);
        Assert.InRange(yes / (double)(yes + no), 0.46, 0.54);
    }

    private static string[] WordsOf(string text) => text.Split([' ', '\n', '.', ',', '?', '!', ':', ';', '"']);
}
