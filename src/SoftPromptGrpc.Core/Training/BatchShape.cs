namespace SoftPromptGrpc.Core.Training;

/// <summary>The size of one forward and backward pass.</summary>
/// <param name="Rows">Examples.</param>
/// <param name="Positions">Of the longest row, virtual tokens included.</param>
/// <param name="Targets">Target tokens of all rows: for these there are logits.</param>
public sealed record BatchShape(int Rows, int Positions, int Targets);
