namespace SoftPromptGrpc.Cli.Examples;

/// <summary>The columns or properties that hold an example's parts.</summary>
internal sealed record ExampleFields(string Input, string Target);
