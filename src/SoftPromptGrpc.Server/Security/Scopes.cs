namespace SoftPromptGrpc.Server.Security;

/// <summary>What a caller may do, all of it within its tenant.</summary>
[Flags]
internal enum Scopes
{
    None = 0,

    /// <summary>Ask models, and look at models and prompts.</summary>
    Infer = 1,

    /// <summary>Bring datasets, train, and look after trainings.</summary>
    Train = 2,

    /// <summary>Import, export, change and delete.</summary>
    Manage = 4,

    /// <summary>All of these, and what is not of the contract, such as metrics.</summary>
    Admin = 8,
}

internal static class ScopeNames
{
    private static readonly Scopes[] Each = [Scopes.Infer, Scopes.Train, Scopes.Manage, Scopes.Admin];
    private static readonly char[] Separators = [',', ' '];

    public static string ToName(this Scopes scopes) =>
        string.Join(',', Each.Where(scope => scopes.HasFlag(scope)).Select(scope => $"{scope}".ToLowerInvariant()));

    public static bool Allow(this Scopes given, Scopes anyOf) => (given & (anyOf | Scopes.Admin)) != 0;

    /// <summary>Of names between commas or blanks; others are none.</summary>
    public static Scopes Parse(string text) => text
        .Split(Separators, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        .Aggregate(Scopes.None, (scopes, name) => scopes | Each.FirstOrDefault(scope => scope.ToName() == name));

    /// <summary>Whether the text names at least one scope, and nothing else.</summary>
    public static bool AreNames(string text)
    {
        var names = text.Split(Separators, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return names.Length > 0 && names.All(name => Parse(name) != Scopes.None);
    }
}
