using SoftPromptGrpc.Pretraining.Corpus;
using SoftPromptGrpc.Pretraining.Tasks;

namespace SoftPromptGrpc.Pretraining.Tests.Tasks;

public sealed class ShippedTaskTests
{
    private static readonly Grammar Shipped = Grammar.Shipped();
    private static readonly IReadOnlyList<LabelledExample> Train = SentimentTask.Read(ShippedModel.Task("train.jsonl"));
    private static readonly IReadOnlyList<LabelledExample> Test = SentimentTask.Read(ShippedModel.Task("test.jsonl"));

    [Fact]
    public void Files_AreWhatTheToolWrites()
    {
        var task = new SentimentTask(Shipped, 1);

        Assert.Equal(task.Examples(Split.Training, Train.Count), Train);
        Assert.Equal(task.Examples(Split.HeldOut, Test.Count), Test);
    }

    [Fact]
    public void Files_AreBalanced()
    {
        Assert.All(SentimentTask.Labels, label => Assert.Equal(Train.Count / 2, Train.Count(e => e.Target == label)));
        Assert.All(SentimentTask.Labels, label => Assert.Equal(Test.Count / 2, Test.Count(e => e.Target == label)));
    }

    [Fact]
    public void Test_SharesNoInputAndNoPatternWithTrainAndCorpus()
    {
        var corpus = new CorpusGenerator(Shipped, 1).Documents(Split.Training).Take(8_000).Select(d => d.Text);
        var seen = corpus.Concat(Train.Select(e => e.Input)).SelectMany(LongSentences).ToHashSet(StringComparer.OrdinalIgnoreCase);

        Assert.Equal(Test.Count, Test.Select(e => e.Input).Distinct().Count());
        Assert.DoesNotContain(Test.SelectMany(e => LongSentences(e.Input)), seen.Contains);
    }

    private static IEnumerable<string> LongSentences(string text) =>
        text.Split(['.', '?', '!', '\n', ':']).Select(s => s.Trim()).Where(s => s.Count(c => c == ' ') >= 7);
}
