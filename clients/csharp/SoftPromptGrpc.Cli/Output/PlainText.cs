namespace SoftPromptGrpc.Cli.Output;

internal static class PlainText
{
    /// <summary>Replaces control characters other than line breaks and tabs: what a model writes must not steer a terminal.</summary>
    public static string WithoutControls(string text) =>
        text.Any(IsControl) ? string.Concat(text.Select(c => IsControl(c) ? '\uFFFD' : c)) : text;

    /// <summary>On one line, with line breaks and tabs written as \n, \r and \t, and backslashes doubled.</summary>
    public static string OnOneLine(string text) => text
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\n", "\\n", StringComparison.Ordinal)
        .Replace("\r", "\\r", StringComparison.Ordinal)
        .Replace("\t", "\\t", StringComparison.Ordinal);

    /// <summary>On one line, cut to a length.</summary>
    public static string Shorten(string text, int length)
    {
        var line = string.Join(' ', WithoutControls(text).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= length ? line : $"{line[..(length - 1)]}…";
    }

    private static bool IsControl(char c) => char.IsControl(c) && c is not '\n' and not '\r' and not '\t';
}
