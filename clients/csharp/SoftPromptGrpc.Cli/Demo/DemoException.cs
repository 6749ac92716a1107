namespace SoftPromptGrpc.Cli.Demo;

/// <summary>The demo cannot go on, for a reason that is not the user's.</summary>
internal sealed class DemoException(string message, params IReadOnlyList<string> details) : Exception(message)
{
    public IReadOnlyList<string> Details { get; } = details;
}
