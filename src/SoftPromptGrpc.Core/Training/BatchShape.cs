namespace SoftPromptGrpc.Core.Training;

/// <summary>The size of one batch.</summary>
/// <param name="Rows">Examples.</param>
/// <param name="Positions">Of the longest row, virtual tokens included.</param>
/// <param name="Targets">Target tokens of all rows: for these there are logits.</param>
/// <param name="Shared">Of the positions, those that are the same in all rows: virtual tokens, where nothing in front changes them.</param>
public sealed record BatchShape(int Rows, int Positions, int Targets, int Shared = 0);
