using System.Collections.Frozen;
using System.Reflection;

namespace SoftPromptGrpc.Pretraining.Corpus;

/// <summary>The rules that documents are written from. Immutable.</summary>
internal sealed class Grammar
{
    private readonly FrozenDictionary<string, Rule> _rules;

    public Grammar(IEnumerable<Rule> rules) => _rules = rules.ToFrozenDictionary(r => r.Name, StringComparer.Ordinal);

    public IEnumerable<Rule> Rules => _rules.Values;

    public Rule this[string name] =>
        _rules.TryGetValue(name, out var rule) ? rule : throw new KeyNotFoundException($"The grammar has no rule '{name}'.");

    /// <summary>The grammar in the Grammar folder, which is part of the assembly.</summary>
    public static Grammar Shipped()
    {
        var assembly = Assembly.GetExecutingAssembly();
        var files = assembly.GetManifestResourceNames().Where(n => n.EndsWith(".txt", StringComparison.Ordinal)).Order(StringComparer.Ordinal);
        return new Grammar(files.SelectMany(file => GrammarReader.Read(Lines(assembly, file))));
    }

    private static IEnumerable<string> Lines(Assembly assembly, string resource)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
        while (reader.ReadLine() is { } line)
            yield return line;
    }
}
