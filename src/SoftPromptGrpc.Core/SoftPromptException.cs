using System.Collections.Immutable;

namespace SoftPromptGrpc.Core;

/// <summary>One thing that is wrong with a request.</summary>
/// <param name="Field">The field's path in the request, such as "optimizer.learning_rate".</param>
public sealed record FieldViolation(string Field, string Description);

/// <summary>The one exception that the domain throws. Messages name fields and ids, never paths.</summary>
public sealed class SoftPromptException : Exception
{
    public SoftPromptException(ErrorKind kind, string message, Exception? innerException = null)
        : base(message, innerException) => Kind = kind;

    /// <summary>An invalid request, with everything that is wrong with it.</summary>
    public SoftPromptException(IReadOnlyList<FieldViolation> violations)
        : base(string.Join(" ", violations.Select(v => $"{v.Field}: {v.Description}")))
    {
        Kind = ErrorKind.Invalid;
        Violations = violations;
    }

    public ErrorKind Kind { get; }

    public IReadOnlyList<FieldViolation> Violations { get; } = [];

    /// <summary>What went wrong, for programs, such as "PROMPT_NOT_FOUND"; null where the kind says it all.</summary>
    public string? Reason { get; init; }

    /// <summary>The tenant's limit that is used up; null: the failure has nothing to do with one.</summary>
    public Quota? Quota { get; init; }

    /// <summary>More for programs, such as "scope" and "train" where a scope is missing.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = ImmutableDictionary<string, string>.Empty;
}
