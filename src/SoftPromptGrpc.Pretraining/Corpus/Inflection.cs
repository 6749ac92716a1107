namespace SoftPromptGrpc.Pretraining.Corpus;

/// <summary>Regular and a few irregular English forms, for the words of the grammar.</summary>
internal static class Inflection
{
    private static readonly Dictionary<string, string> IrregularPlurals = new(StringComparer.Ordinal)
    {
        ["deer"] = "deer",
        ["goose"] = "geese",
        ["knife"] = "knives",
        ["mouse"] = "mice",
        ["sheep"] = "sheep",
        ["wolf"] = "wolves",
        ["toy boat"] = "toy boats",
    };

    private static readonly Dictionary<string, string> IrregularPasts = new(StringComparer.Ordinal) { ["hide"] = "hid", ["think"] = "thought" };

    /// <summary>Verbs whose last consonant is doubled.</summary>
    private static readonly HashSet<string> Doubled = new(StringComparer.Ordinal) { "nod", "hum", "tap", "wrap", "chop", "stir" };

    /// <param name="form">"s": plural; "ed": past; null: as it is.</param>
    public static string Of(string word, string? form) => form switch
    {
        null => word,
        "s" => Plural(word),
        "ed" => Past(word),
        _ => throw new ArgumentOutOfRangeException(nameof(form), form, "An unknown form."),
    };

    private static string Plural(string word)
    {
        if (IrregularPlurals.TryGetValue(word, out var irregular))
            return irregular;
        if (word.EndsWith('y') && !IsVowel(word[^2]))
            return word[..^1] + "ies";
        return word + (EndsInSibilant(word) ? "es" : "s");
    }

    private static string Past(string verb)
    {
        if (IrregularPasts.TryGetValue(verb, out var irregular))
            return irregular;
        if (verb.EndsWith('e'))
            return verb + "d";
        if (verb.EndsWith('y') && !IsVowel(verb[^2]))
            return verb[..^1] + "ied";
        return Doubled.Contains(verb) ? $"{verb}{verb[^1]}ed" : verb + "ed";
    }

    private static bool EndsInSibilant(string word) => word[^1] is 's' or 'x' || word.EndsWith("ch", StringComparison.Ordinal) || word.EndsWith("sh", StringComparison.Ordinal);

    private static bool IsVowel(char c) => c is 'a' or 'e' or 'i' or 'o' or 'u';
}
