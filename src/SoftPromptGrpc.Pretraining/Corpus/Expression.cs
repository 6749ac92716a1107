namespace SoftPromptGrpc.Pretraining.Corpus;

/// <summary>A piece of an alternative, as <see cref="GrammarReader"/> reads it.</summary>
internal abstract record Expression;

internal sealed record Literal(string Text) : Expression;

/// <summary>"{rule+form:variable!}": <paramref name="Name"/> may hold "$variable" segments; "!" keeps the text out of the document.</summary>
internal sealed record Slot(string Name, string? Form, string? Variable, bool Silent) : Expression;

/// <summary>"{$variable+form}".</summary>
internal sealed record Recall(string Variable, string? Form) : Expression;

/// <summary>"{variable=value}".</summary>
internal sealed record Assign(string Variable, string Value) : Expression;

/// <summary>"{low-high}", both included.</summary>
internal sealed record Number(int Low, int High) : Expression;

/// <summary>"(one|two)"; "[text]" is "(text|)".</summary>
internal sealed record Choice(IReadOnlyList<Sequence> Alternatives) : Expression;

internal sealed record Sequence(IReadOnlyList<Expression> Parts) : Expression;

internal enum RuleKind
{
    /// <summary>"@": sentence patterns; every fifth is kept for held-out documents where there are at least five.</summary>
    Patterns,

    /// <summary>"%": words; some pairs of consecutive words are kept for held-out documents.</summary>
    Words,

    /// <summary>"!": alternatives that all documents share, such as topics and labels.</summary>
    Shared,
}

internal sealed record Rule(string Name, RuleKind Kind, IReadOnlyList<Sequence> Alternatives);
