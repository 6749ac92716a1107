using SoftPromptGrpc.Pretraining.Corpus;
using SoftPromptGrpc.Pretraining.Tasks;

namespace SoftPromptGrpc.Pretraining.Tests.Tasks;

public sealed class ShippedTaskTests
{
    private static readonly Grammar Shipped = Grammar.Shipped();
    private static readonly IReadOnlyList<LabelledExample> Train = RecommendationTask.Read(ShippedModel.Task("train.jsonl"));
    private static readonly IReadOnlyList<LabelledExample> Test = RecommendationTask.Read(ShippedModel.Task("test.jsonl"));

    [Fact]
    public void Files_AreWhatTheToolWrites()
    {
        var (train, test) = new RecommendationTask(Shipped, 1).Examples(Train.Count, Test.Count);

        Assert.Equal(train, Train);
        Assert.Equal(test, Test);
    }

    [Fact]
    public void Files_AreBalanced()
    {
        Assert.All(RecommendationTask.Labels, label => Assert.Equal(Train.Count / 2, Train.Count(e => e.Target == label)));
        Assert.All(RecommendationTask.Labels, label => Assert.Equal(Test.Count / 2, Test.Count(e => e.Target == label)));
    }

    [Fact]
    public void Test_SharesNoLongSentenceWithTrainAndCorpus()
    {
        var corpus = new CorpusGenerator(Shipped, 1).Documents(Split.Training).Take(8_000).Select(d => d.Text);
        var seen = corpus.Concat(Train.Select(e => e.Input)).SelectMany(RecommendationTask.LongSentences).ToHashSet(StringComparer.OrdinalIgnoreCase);

        Assert.Equal(Test.Count, Test.Select(e => e.Input).Distinct().Count());
        Assert.DoesNotContain(Test.SelectMany(e => RecommendationTask.LongSentences(e.Input)), seen.Contains);
    }
}
