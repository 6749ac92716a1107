using Spectre.Console;

namespace SoftPromptGrpc.Cli.Output;

/// <summary>A table with a header for many things, or of names and values for one.</summary>
internal static class Listing
{
    public static Table Create(Terminal terminal, params string[] columns)
    {
        var table = new Table { Border = terminal.IsLive ? TableBorder.Rounded : TableBorder.None };
        foreach (var column in columns)
            table.AddColumn(new TableColumn(new Text(column)));
        return table;
    }

    public static void Add(this Table table, params string[] cells) =>
        table.AddRow(cells.Select(cell => new Text(PlainText.WithoutControls(cell))));

    /// <summary>Writes one line per name; those without a value are left out.</summary>
    public static void WriteFields(this Terminal terminal, params (string Name, string Value)[] fields)
    {
        var width = fields.Max(field => field.Name.Length) + 2;
        foreach (var (name, value) in fields.Where(field => field.Value.Length > 0))
            terminal.WriteLine(name.PadRight(width) + PlainText.OnOneLine(value));
    }
}
