using System.Buffers;

namespace SoftPromptGrpc.Server.Datasets;

/// <param name="Line">Where it begins, from 1.</param>
/// <param name="Bytes">Without the end of the line.</param>
internal readonly record struct DatasetRow(int Line, ReadOnlyMemory<byte> Bytes);

/// <summary>Cuts content that comes in pieces into rows. Holds one row at a time, up to a limit.</summary>
/// <param name="quotes">Whether an end of line between quotes belongs to its row, as in CSV.</param>
internal sealed class DatasetRows(bool quotes, int maxBytes)
{
    private readonly ArrayBufferWriter<byte> _begun = new();
    private bool _isQuoted;
    private int _firstLine = 1;
    private int _line = 1;

    /// <summary>Whether the content ended between quotes.</summary>
    public bool IsQuoteOpen => _isQuoted;

    /// <summary>A row's bytes are good until the next row is asked for.</summary>
    /// <exception cref="RowTooLongException"/>
    public IEnumerable<DatasetRow> Read(ReadOnlyMemory<byte> piece)
    {
        var start = 0;
        for (var end = NextEnd(piece, start); end >= 0; end = NextEnd(piece, start))
        {
            Keep(piece[start..end]);
            start = end + 1;
            yield return Take();
        }
        Keep(piece[start..]);
    }

    /// <summary>What stands behind the last end of line.</summary>
    public DatasetRow Rest() => Take();

    private int NextEnd(ReadOnlyMemory<byte> piece, int from)
    {
        var bytes = piece.Span;
        for (var i = from; i < bytes.Length; i++)
        {
            if (bytes[i] == '"' && quotes)
                _isQuoted = !_isQuoted;
            if (bytes[i] != '\n')
                continue;
            _line++;
            if (!_isQuoted)
                return i;
        }
        return -1;
    }

    private void Keep(ReadOnlyMemory<byte> part)
    {
        if (_begun.WrittenCount + part.Length > maxBytes)
            throw new RowTooLongException(_firstLine, maxBytes);
        _begun.Write(part.Span);
    }

    private DatasetRow Take()
    {
        var bytes = _begun.WrittenMemory;
        if (!bytes.IsEmpty && bytes.Span[^1] == '\r')
            bytes = bytes[..^1];
        var row = new DatasetRow(_firstLine, bytes);
        _begun.ResetWrittenCount();
        _firstLine = _line;
        return row;
    }
}

internal sealed class RowTooLongException(int line, int maxBytes) : Exception
{
    public int Line => line;

    public int MaxBytes => maxBytes;
}
