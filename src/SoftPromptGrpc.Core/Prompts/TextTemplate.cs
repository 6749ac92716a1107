namespace SoftPromptGrpc.Core.Prompts;

/// <summary>
/// The text around an input, the same in training and in inference: "{input}" marks where the input goes. Applied to text only,
/// never to token ids.
/// </summary>
public sealed record TextTemplate(string Pattern)
{
    public const string Placeholder = "{input}";

    public static TextTemplate None { get; } = new(Placeholder);

    /// <summary>Whether the pattern holds the placeholder exactly once.</summary>
    public static bool IsValid(string pattern)
    {
        var first = pattern.IndexOf(Placeholder, StringComparison.Ordinal);
        return first >= 0 && first == pattern.LastIndexOf(Placeholder, StringComparison.Ordinal);
    }

    /// <summary>The constant text in front of every input.</summary>
    public string Head => Pattern[..Pattern.IndexOf(Placeholder, StringComparison.Ordinal)];

    public string Apply(string input)
    {
        var at = Pattern.IndexOf(Placeholder, StringComparison.Ordinal);
        return string.Concat(Pattern.AsSpan(0, at), input, Pattern.AsSpan(at + Placeholder.Length));
    }
}
