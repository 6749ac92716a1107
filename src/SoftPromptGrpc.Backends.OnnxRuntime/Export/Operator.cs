namespace SoftPromptGrpc.Backends.OnnxRuntime.Export;

/// <summary>An operator with its attributes.</summary>
internal sealed record Operator(string Type, string Domain = "")
{
    /// <summary>ONNX Runtime's own operators: docs/ContribOperators.md of its repository.</summary>
    public const string Contributed = "com.microsoft";

    /// <summary>Ours, written in C#: <see cref="Operators.CustomOperator"/>.</summary>
    public const string Own = "softprompt";

    /// <summary>Ours too, but tied to one session.</summary>
    public const string OwnOfSession = "softprompt.session";

    public IReadOnlyList<(string Name, long Value)> Integers { get; init; } = [];

    public IReadOnlyList<(string Name, float Value)> Floats { get; init; } = [];
}
