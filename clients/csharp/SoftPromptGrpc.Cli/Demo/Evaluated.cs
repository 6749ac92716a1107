namespace SoftPromptGrpc.Cli.Demo;

/// <summary>How one way of asking did on the test examples.</summary>
/// <param name="Accuracy">Share of examples whose label is the most probable one.</param>
/// <param name="ExactMatch">Share of examples whose greedy answer is the label.</param>
/// <param name="Answers">One for each example.</param>
internal sealed record Evaluated(string Name, double Accuracy, double ExactMatch, IReadOnlyList<string> Answers);
