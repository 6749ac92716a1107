using System.Text;

namespace SoftPromptGrpc.Cli.Examples;

/// <param name="Line">Where it begins, from 1.</param>
/// <param name="Problem">Why the values are not to be trusted; empty: they are.</param>
internal sealed record CsvRecord(int Line, List<string> Values, string Problem);

/// <summary>Records as RFC 4180 defines them: quoted values may hold commas, quotes and line breaks. Blank lines are skipped.</summary>
internal static class CsvRecords
{
    public static IEnumerable<CsvRecord> Read(TextReader reader)
    {
        var line = 1;
        while (reader.Peek() >= 0)
        {
            var first = line;
            var record = ReadRecord(reader, ref line);
            if (record.Values is not [""])
                yield return record with { Line = first };
        }
    }

    private static CsvRecord ReadRecord(TextReader reader, ref int line)
    {
        var values = new List<string>();
        var problem = "";
        while (true)
        {
            var quoted = reader.Peek() == '"';
            var value = quoted ? ReadQuoted(reader, ref line, ref problem) : ReadBare(reader, ref problem);
            values.Add(value);
            var separator = reader.Read();
            if (separator == ',')
                continue;
            if (separator == '\r' && reader.Peek() == '\n')
                separator = reader.Read();
            if (separator is '\r' or '\n')
                line++;
            return new CsvRecord(0, values, problem);
        }
    }

    private static string ReadBare(TextReader reader, ref string problem)
    {
        var value = new StringBuilder();
        while (!EndsValue(reader.Peek()))
        {
            var c = (char)reader.Read();
            if (c == '"')
                problem = "a quote inside a value that is not quoted";
            value.Append(c);
        }

        return value.ToString();
    }

    private static string ReadQuoted(TextReader reader, ref int line, ref string problem)
    {
        var value = new StringBuilder();
        reader.Read();
        while (true)
        {
            switch (reader.Read())
            {
                case -1:
                    problem = "a quoted value has no end";
                    return value.ToString();
                case '"' when reader.Peek() != '"':
                    if (!EndsValue(reader.Peek()))
                        problem = "text behind a quoted value";
                    while (!EndsValue(reader.Peek()))
                        reader.Read();
                    return value.ToString();
                case '"':
                    value.Append((char)reader.Read());
                    break;
                case var c:
                    if (c == '\n' || (c == '\r' && reader.Peek() != '\n'))
                        line++;
                    value.Append((char)c);
                    break;
            }
        }
    }

    private static bool EndsValue(int c) => c is -1 or ',' or '\r' or '\n';
}
