using System.Text;
using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Datasets;

/// <summary>
/// RFC 4180 with a header. Stricter than the libraries for it, which take a quote in the middle of a field, or one that is never closed,
/// as text: here that is a row to be put right.
/// </summary>
internal sealed class CsvRows(string inputField, string targetField) : IRowParser
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private (int Columns, int Input, int Target)? _header;

    public bool IsLost => _header is null;

    public Example? Parse(ReadOnlyMemory<byte> row)
    {
        if (row.IsEmpty)
            return null;
        var fields = Split(Decode(row.Span));
        if (_header is not { } header)
        {
            _header = (fields.Count, Column(fields, inputField), Column(fields, targetField));
            return null;
        }
        if (fields.Count != header.Columns)
            throw new RowFormatException("", $"has {fields.Count} fields; the header has {header.Columns}");
        return new() { Input = new() { Text = fields[header.Input] }, Target = new() { Text = fields[header.Target] } };
    }

    private static int Column(List<string> names, string name)
    {
        var column = names.IndexOf(name);
        if (column < 0 || names.LastIndexOf(name) != column)
            throw new RowFormatException(name, column < 0 ? "is no column of the header" : "stands in the header twice");
        return column;
    }

    private string Decode(ReadOnlySpan<byte> row)
    {
        if (_header is null && row.StartsWith(Encoding.UTF8.Preamble))
            row = row[Encoding.UTF8.Preamble.Length..];
        try
        {
            return Utf8.GetString(row);
        }
        catch (DecoderFallbackException)
        {
            throw new RowFormatException("", "is not valid UTF-8 text");
        }
    }

    private static List<string> Split(string row)
    {
        var fields = new List<string>();
        for (var at = 0; at <= row.Length; at++)
            fields.Add(at < row.Length && row[at] == '"' ? Quoted(row, ref at) : Plain(row, ref at));
        return fields;
    }

    /// <param name="at">The field's first character; then the comma behind it or the end of the row.</param>
    private static string Plain(string row, ref int at)
    {
        var start = at;
        at = row.IndexOf(',', start) is >= 0 and var comma ? comma : row.Length;
        var field = row[start..at];
        return field.Contains('"') ? throw new RowFormatException("", "has a quote inside a field that is not quoted") : field;
    }

    private static string Quoted(string row, ref int at)
    {
        var text = new StringBuilder();
        for (var start = at + 1; ; start = at + 1)
        {
            at = row.IndexOf('"', start);
            if (at < 0)
                throw new RowFormatException("", "has a quote that is never closed");
            text.Append(row, start, at - start);
            if (++at == row.Length || row[at] == ',')
                return text.ToString();
            if (row[at] != '"')
                throw new RowFormatException("", "has text behind a closing quote");
            text.Append('"');
        }
    }
}
