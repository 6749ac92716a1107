using SoftPromptGrpc.Core.Prompts;

namespace SoftPromptGrpc.Server.Prompts;

/// <summary>What is to become of a prompt. What is null stays as it is.</summary>
/// <param name="ETag">Empty: whatever it is.</param>
internal sealed record PromptUpdate(PromptReference Prompt, string ETag)
{
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>All names that are to point to this version; those that point to another one move.</summary>
    public IReadOnlyList<string>? Aliases { get; init; }

    public string? Description { get; init; }

    public bool Undelete { get; init; }
}
