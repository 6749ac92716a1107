using System.Text.Json;
using SoftPromptGrpc.Cli.Output;

namespace SoftPromptGrpc.Cli.Demo;

internal static class DemoReport
{
    private const int InputLength = 80;
    private static readonly JsonSerializerOptions JsonOptions = new(JsonSerializerDefaults.Web);

    public static void Write(Invocation invocation, DemoTask task, IReadOnlyList<Evaluated> outcomes, int answersShown)
    {
        if (invocation.Json)
        {
            foreach (var (name, accuracy, exactMatch, _) in outcomes)
                invocation.Terminal.WriteLine(JsonSerializer.Serialize(new { name, accuracy, exactMatch }, JsonOptions));
            return;
        }

        WriteShares(invocation.Terminal, outcomes);
        invocation.Terminal.WriteLine("");
        WriteAnswers(invocation.Terminal, task, outcomes, answersShown);
    }

    private static void WriteShares(Terminal terminal, IReadOnlyList<Evaluated> outcomes)
    {
        var table = new Listing("", "BEST LABEL (Score)", "EXACT ANSWER (BatchInfer)");
        foreach (var outcome in outcomes)
            table.Add(outcome.Name, Figures.Percent(outcome.Accuracy), Figures.Percent(outcome.ExactMatch));
        table.Write(terminal);
    }

    /// <summary>The first examples of each label in turn.</summary>
    private static void WriteAnswers(Terminal terminal, DemoTask task, IReadOnlyList<Evaluated> outcomes, int count)
    {
        var table = new Listing(["INPUT", "EXPECTED", .. outcomes.Select(outcome => outcome.Name.ToUpperInvariant())]);
        var examples = task.Test.Examples.Index()
            .GroupBy(pair => pair.Item.Target.Text)
            .SelectMany(label => label.Select((pair, rank) => (rank, pair.Index, pair.Item)))
            .OrderBy(entry => entry.rank)
            .Take(count);
        foreach (var (_, index, example) in examples)
        {
            table.Add(
            [
                PlainText.Shorten(example.Input.Text, InputLength),
                example.Target.Text.Trim(),
                .. outcomes.Select(outcome => PlainText.Shorten(outcome.Answers[index], InputLength / 2)),
            ]);
        }

        table.Write(terminal);
    }
}
