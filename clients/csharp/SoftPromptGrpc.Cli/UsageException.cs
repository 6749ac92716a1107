namespace SoftPromptGrpc.Cli;

/// <summary>Input that is found invalid before anything is sent.</summary>
internal sealed class UsageException(string message, params IReadOnlyList<string> details) : Exception(message)
{
    public IReadOnlyList<string> Details { get; } = details;
}
