using System.Text.RegularExpressions;

namespace SoftPromptGrpc.Core.Prompts;

/// <summary>"name" (the newest version), "name@3" (version 3) or "name@prod" (an alias).</summary>
public sealed partial record PromptReference
{
    private PromptReference(string name, int? version, string? alias) => (Name, Version, Alias) = (name, version, alias);

    public string Name { get; }

    public int? Version { get; }

    public string? Alias { get; }

    public static PromptReference Newest(string name) => new(name, null, null);

    public static PromptReference Of(string name, int version) => new(name, version, null);

    /// <exception cref="SoftPromptException"><see cref="ErrorKind.Invalid"/>.</exception>
    public static PromptReference Parse(string text, string field = "prompt") =>
        TryParse(text) ?? throw new SoftPromptException([new FieldViolation(field, Rule)]);

    public static PromptReference? TryParse(string text)
    {
        var match = Pattern().Match(text);
        if (!match.Success)
            return null;
        var (name, suffix) = (match.Groups["name"].Value, match.Groups["suffix"].Value);
        if (suffix.Length == 0)
            return Newest(name);
        return char.IsAsciiDigit(suffix[0])
            ? int.TryParse(suffix, out var version) && version > 0 ? Of(name, version) : null
            : new PromptReference(name, null, suffix);
    }

    /// <summary>Whether a prompt may have this name.</summary>
    public static bool IsName(string text) => TryParse(text) is { Version: null, Alias: null };

    public static bool IsAlias(string text) => TryParse($"a@{text}") is { Alias: not null };

    public override string ToString() => $"{Name}{(Version is { } version ? $"@{version}" : Alias is null ? "" : $"@{Alias}")}";

    /// <summary>What a reference must be, for the message about one that is not.</summary>
    public const string Rule =
        "must be a name of 1 to 100 characters of a-z, A-Z, 0-9, '.', '_' and '-', beginning with a letter or digit, "
        + "optionally followed by '@' and a version or alias";

    [GeneratedRegex(@"\A(?<name>[A-Za-z0-9][A-Za-z0-9._-]{0,99})(@(?<suffix>[1-9][0-9]{0,9}|[A-Za-z][A-Za-z0-9._-]{0,62}))?\z")]
    private static partial Regex Pattern();
}
