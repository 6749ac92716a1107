namespace SoftPromptGrpc.Server.Datasets;

/// <summary>What is wrong with one row.</summary>
/// <param name="column">The column or property; empty: the row as a whole.</param>
internal sealed class RowFormatException(string column, string description) : Exception(description)
{
    public string Column => column;
}
