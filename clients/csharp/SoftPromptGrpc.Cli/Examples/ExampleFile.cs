using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Cli.Examples;

/// <summary>Reads labelled examples from a file and reports all of its bad rows at once.</summary>
internal static class ExampleFile
{
    private const int MaxProblemsShown = 20;

    /// <exception cref="UsageException">A row is malformed, or there is none.</exception>
    public static InlineExamples Read(FileInfo file, ExampleFields fields)
    {
        using var reader = file.OpenText();
        var rows = file.Extension.ToUpperInvariant() switch
        {
            ".CSV" => CsvExamples.Read(reader, fields),
            ".JSONL" or ".NDJSON" or ".JSON" => JsonlExamples.Read(reader, fields),
            _ => throw new UsageException($"{file.Name} is neither a .jsonl nor a .csv file."),
        };
        return Collect(file.Name, rows);
    }

    private static InlineExamples Collect(string name, IEnumerable<ExampleRow> rows)
    {
        var examples = new InlineExamples();
        var problems = new List<string>();
        foreach (var row in rows)
        {
            if (row.Example is { } example)
                examples.Examples.Add(example);
            else
                problems.Add($"line {row.Line}: {row.Problem}");
        }

        if (problems.Count > 0)
            throw new UsageException($"{name} has {Rows(problems.Count)}.", Shown(problems));
        return examples.Examples.Count > 0 ? examples : throw new UsageException($"{name} holds no examples.");
    }

    private static string Rows(int count) => count == 1 ? "a bad row" : $"{count} bad rows";

    private static List<string> Shown(List<string> problems)
    {
        var shown = problems.Take(MaxProblemsShown).ToList();
        if (problems.Count > shown.Count)
            shown.Add($"… and {problems.Count - shown.Count} more");
        return shown;
    }
}
