using Google.Protobuf;

namespace SoftPromptGrpc.Cli.Output;

internal static class ListExtensions
{
    /// <summary>One JSON object for each item, or a table; an empty table is a line on standard error.</summary>
    public static void WriteAll<T>(this Invocation invocation, IReadOnlyCollection<T> items, string[] columns, Func<T, string[]> cells)
        where T : IMessage
    {
        if (invocation.Json)
        {
            foreach (var item in items)
                invocation.Terminal.WriteJson(item);
        }
        else if (items.Count == 0)
        {
            invocation.Terminal.WriteErrorLine("Nothing found.");
        }
        else
        {
            var table = new Listing(columns);
            foreach (var item in items)
                table.Add(cells(item));
            table.Write(invocation.Terminal);
        }
    }
}
