using System.Globalization;

namespace SoftPromptGrpc.Benchmarks.Measuring;

/// <summary>Rows under headings, as Markdown that lines up in a terminal too.</summary>
internal sealed class MarkdownTable(params string[] headings)
{
    private readonly List<string[]> _rows = [];

    /// <param name="cells">Text as it is; numbers with three digits and more; see <see cref="Number"/>.</param>
    public void Add(params object[] cells) =>
        _rows.Add([.. cells.Select(cell => cell is double number ? Number(number) : Convert.ToString(cell, CultureInfo.InvariantCulture) ?? "")]);

    public void Write(TextWriter output)
    {
        int[] widths = [.. headings.Select((heading, i) => _rows.Select(row => row[i].Length).Append(heading.Length).Append(3).Max())];
        WriteRow(headings);
        WriteRow([.. widths.Select(width => new string('-', width))]);
        foreach (var row in _rows)
            WriteRow(row);

        void WriteRow(string[] cells) => output.WriteLine($"| {string.Join(" | ", cells.Select((cell, i) => cell.PadRight(widths[i])))} |");
    }

    public static string Number(double value) =>
        value.ToString(Math.Abs(value) switch { >= 100 => "0", >= 10 => "0.0", _ => "0.00" }, CultureInfo.InvariantCulture);

    public static string Percent(double share) => share.ToString("0 %", CultureInfo.InvariantCulture);

    public static string Mebibytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:0} MiB");
}
