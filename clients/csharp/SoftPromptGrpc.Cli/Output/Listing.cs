using Spectre.Console;

namespace SoftPromptGrpc.Cli.Output;

/// <summary>Rows under a header: a table on a terminal, aligned columns in a pipe.</summary>
internal sealed class Listing(params string[] columns)
{
    private const string Gap = "  ";

    private readonly List<string[]> _rows = [];

    public void Add(params string[] cells) => _rows.Add([.. cells.Select(PlainText.WithoutControls)]);

    public void Write(Terminal terminal)
    {
        if (terminal.IsLive)
            terminal.Write(ToTable());
        else
            WriteAligned(terminal);
    }

    private Table ToTable()
    {
        var table = new Table { Border = TableBorder.Rounded };
        foreach (var column in columns)
            table.AddColumn(new TableColumn(new Text(column)));
        foreach (var row in _rows)
            table.AddRow(row.Select(cell => new Text(cell)));
        return table;
    }

    private void WriteAligned(Terminal terminal)
    {
        var widths = columns.Select((column, i) => _rows.Select(row => row[i].Length).Append(column.Length).Max()).ToList();
        foreach (var row in _rows.Prepend(columns))
            terminal.WriteLine(string.Join(Gap, row.Zip(widths, (cell, width) => cell.PadRight(width))).TrimEnd());
    }
}
