namespace SoftPromptGrpc.ModelFormats;

/// <summary>Text from an untrusted file, fit to stand in a message.</summary>
internal static class Quoted
{
    private const int MaxLength = 80;

    public static string Text(string text)
    {
        var start = text.Length <= MaxLength ? text : $"{text[..MaxLength]}…";
        return string.Concat(start.Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c));
    }
}
