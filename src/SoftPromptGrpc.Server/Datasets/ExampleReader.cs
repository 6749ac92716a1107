using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Datasets;

/// <summary>Content in pieces to examples. Rows that are wrong become violations, named by their numbers; the first ones are told.</summary>
internal sealed class ExampleReader(IRowParser parser, DatasetRows rows, int maxRows, Violations violations)
{
    private const int MostReported = 20;
    private int _wrong;
    private bool _isLost;

    /// <summary>Of the row that was read last, from 1; headers and empty lines have none.</summary>
    public int Row { get; private set; }

    public IEnumerable<Example> Read(ReadOnlyMemory<byte> piece)
    {
        using var found = rows.Read(piece).GetEnumerator();
        while (!_isLost && TryMove(found))
        {
            if (Parse(found.Current) is { } example)
                yield return example;
        }
    }

    /// <summary>What stands behind the last end of line, and what can be said only now.</summary>
    public IEnumerable<Example> End()
    {
        if (!_isLost && rows.Rest() is { Bytes.IsEmpty: false } last && Parse(last) is { } example)
            yield return example;
        if (Row == 0 && _wrong == 0)
            violations.Add("content", "has no examples");
        if (_wrong > MostReported)
            violations.Add("content", $"has {_wrong - MostReported} more rows that are wrong");
    }

    private bool TryMove(IEnumerator<DatasetRow> found)
    {
        try
        {
            return found.MoveNext();
        }
        catch (RowTooLongException error)
        {
            Lose(error.Line, $"has more than {error.MaxBytes} bytes; what comes behind it was not read");
            return false;
        }
    }

    private Example? Parse(DatasetRow row)
    {
        try
        {
            if (parser.Parse(row.Bytes) is not { } example)
                return null;
            if (++Row > maxRows)
            {
                Lose(row.Line, $"is one too many: there may be {maxRows}");
                return null;
            }
            if (!IsEmpty(example.Target))
                return example;
            Report(row.Line, "target", "must not be empty");
        }
        catch (RowFormatException error)
        {
            Row++;
            Report(row.Line, error.Column, error.Message);
            _isLost = parser.IsLost;
        }
        return null;
    }

    private void Lose(int line, string description)
    {
        Row = Math.Max(Row, 1);
        Report(line, "", description);
        _isLost = true;
    }

    private void Report(int line, string field, string description)
    {
        if (++_wrong <= MostReported)
            violations.Add(field.Length > 0 ? $"rows[{Row}].{field}" : $"rows[{Row}]", $"{description} (line {line})");
    }

    private static bool IsEmpty(Content target) => target.KindCase switch
    {
        Content.KindOneofCase.Text => target.Text.Length == 0,
        Content.KindOneofCase.TokenIds => target.TokenIds.Ids.Count == 0,
        _ => true,
    };
}
