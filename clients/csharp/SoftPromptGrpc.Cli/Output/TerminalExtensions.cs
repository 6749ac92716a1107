namespace SoftPromptGrpc.Cli.Output;

internal static class TerminalExtensions
{
    /// <summary>Writes one line per name; those without a value are left out.</summary>
    public static void WriteFields(this Terminal terminal, params (string Name, string Value)[] fields)
    {
        var width = fields.Max(field => field.Name.Length) + 2;
        foreach (var (name, value) in fields.Where(field => field.Value.Length > 0))
            terminal.WriteLine(name.PadRight(width) + PlainText.OnOneLine(value));
    }
}
