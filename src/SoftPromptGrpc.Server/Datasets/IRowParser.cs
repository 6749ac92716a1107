using SoftPromptGrpc.Contracts.V1;

namespace SoftPromptGrpc.Server.Datasets;

/// <summary>Reads the rows of one dataset in their order.</summary>
internal interface IRowParser
{
    /// <summary>After an error: whether further rows cannot be read either.</summary>
    bool IsLost { get; }

    /// <returns>Null: the row is no example, such as a header or an empty line.</returns>
    /// <exception cref="RowFormatException"/>
    Example? Parse(ReadOnlyMemory<byte> row);
}

internal static class RowParsers
{
    public static IRowParser Of(DatasetFormat format, string inputField, string targetField) => format switch
    {
        DatasetFormat.Jsonl => new JsonlRows(inputField, targetField),
        DatasetFormat.Csv => new CsvRows(inputField, targetField),
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, null),
    };
}
