namespace SoftPromptGrpc.Cli.Examples;

/// <summary>CSV whose header line names the columns.</summary>
internal static class CsvExamples
{
    /// <exception cref="UsageException">The header lacks a column.</exception>
    public static IEnumerable<ExampleRow> Read(TextReader reader, ExampleFields fields)
    {
        using var records = CsvRecords.Read(reader).GetEnumerator();
        if (!records.MoveNext())
            yield break;
        var header = records.Current;
        if (header.Problem.Length > 0)
            throw new UsageException($"The header line is malformed: {header.Problem}.");
        var (input, target) = (Column(header, fields.Input), Column(header, fields.Target));
        while (records.MoveNext())
            yield return Parse(records.Current, header.Values.Count, input, target);
    }

    private static ExampleRow Parse(CsvRecord record, int columns, int input, int target)
    {
        if (record.Problem.Length > 0)
            return ExampleRow.Bad(record.Line, record.Problem);
        return record.Values.Count == columns
            ? ExampleRow.Good(record.Line, record.Values[input], record.Values[target])
            : ExampleRow.Bad(record.Line, $"{record.Values.Count} values under {columns} columns");
    }

    private static int Column(CsvRecord header, string name)
    {
        var index = header.Values.IndexOf(name);
        return index >= 0
            ? index
            : throw new UsageException($"There is no column \"{name}\"; the header names {string.Join(", ", header.Values)}.");
    }
}
